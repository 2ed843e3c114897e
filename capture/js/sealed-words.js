// What the customer reads of a sealed session beside its number; `{what}` is the code.

export const SEALED_WORDS = {
  en: { sealedCode: 'Code {what}', sealedClosed: 'Too many wrong codes: please begin again' },
  de: { sealedCode: 'Code {what}', sealedClosed: 'Zu viele falsche Codes: bitte neu beginnen' },
  nl: { sealedCode: 'Code {what}', sealedClosed: 'Te veel verkeerde codes: begin opnieuw' },
  fr: { sealedCode: 'Code {what}', sealedClosed: 'Trop de codes erronés : veuillez recommencer' },
  es: { sealedCode: 'Código {what}', sealedClosed: 'Demasiados códigos erróneos: empiece de nuevo' },
};
