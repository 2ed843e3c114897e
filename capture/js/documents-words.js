// What the customer reads around a picture that an agent shows. `{who}` is the agent, `{what}` the picture's name.

export const DOCUMENT_WORDS = {
  en: { documentTitle: '{who} shows you a picture', documentClose: 'Close', documentLarger: 'Actual size', documentFit: 'Fit to window' },
  de: { documentTitle: '{who} zeigt Ihnen ein Bild', documentClose: 'Schließen', documentLarger: 'Originalgröße', documentFit: 'Einpassen' },
  nl: { documentTitle: '{who} laat u een afbeelding zien', documentClose: 'Sluiten', documentLarger: 'Ware grootte', documentFit: 'Passend maken' },
  fr: { documentTitle: '{who} vous montre une image', documentClose: 'Fermer', documentLarger: 'Taille réelle', documentFit: 'Ajuster' },
  es: { documentTitle: '{who} le muestra una imagen', documentClose: 'Cerrar', documentLarger: 'Tamaño real', documentFit: 'Ajustar' },
};
