// What the customer reads about showing the screen. `{who}` is who watches, `{what}` the session's number.

export const SCREEN_WORDS = {
  en: {
    screenTitle: 'Show your screen?',
    screenAbout: '{who} would like to see your screen to help you, and can only look. Next you choose a tab, a window or the whole screen.',
    screenWarning: 'Everything there can be seen, also passwords and card details: nothing is hidden.',
    screenYes: 'Choose what to show', screenNo: 'Not now',
    screenShown: '{who} can see your screen', screenPaused: 'Nobody can see your screen while paused',
    screenWaiting: 'Waiting for an agent to see your screen', screenStop: 'Stop showing', screenRegion: 'Screen sharing',
  },
  de: {
    screenTitle: 'Ihren Bildschirm zeigen?',
    screenAbout: '{who} möchte Ihren Bildschirm sehen, um Ihnen zu helfen, und kann nur zusehen. Danach wählen Sie einen Tab, ein Fenster oder den ganzen Bildschirm.',
    screenWarning: 'Alles dort ist zu sehen, auch Passwörter und Kartendaten: nichts wird verborgen.',
    screenYes: 'Auswählen, was gezeigt wird', screenNo: 'Jetzt nicht',
    screenShown: '{who} kann Ihren Bildschirm sehen', screenPaused: 'Ihr Bildschirm ist gerade nicht zu sehen',
    screenWaiting: 'Es wird auf eine Beratungsperson gewartet', screenStop: 'Nicht mehr zeigen', screenRegion: 'Bildschirm zeigen',
  },
  nl: {
    screenTitle: 'Uw scherm laten zien?',
    screenAbout: '{who} wil uw scherm zien om u te helpen, en kan alleen kijken. Hierna kiest u een tabblad, een venster of het hele scherm.',
    screenWarning: 'Alles daar is te zien, ook wachtwoorden en kaartgegevens: er wordt niets verborgen.',
    screenYes: 'Kiezen wat u laat zien', screenNo: 'Nu niet',
    screenShown: '{who} kan uw scherm zien', screenPaused: 'Uw scherm is nu niet te zien',
    screenWaiting: 'Wachten op een medewerker', screenStop: 'Niet meer laten zien', screenRegion: 'Scherm delen',
  },
  fr: {
    screenTitle: 'Montrer votre écran ?',
    screenAbout: '{who} souhaite voir votre écran pour vous aider, et ne peut que regarder. Vous choisirez ensuite un onglet, une fenêtre ou tout l’écran.',
    screenWarning: 'Tout y est visible, y compris mots de passe et cartes bancaires : rien n’est caché.',
    screenYes: 'Choisir quoi montrer', screenNo: 'Pas maintenant',
    screenShown: '{who} peut voir votre écran', screenPaused: 'Votre écran n’est pas visible pour l’instant',
    screenWaiting: 'En attente d’un conseiller', screenStop: 'Ne plus montrer', screenRegion: 'Partage d’écran',
  },
  es: {
    screenTitle: '¿Mostrar su pantalla?',
    screenAbout: '{who} quiere ver su pantalla para ayudarle, y solo puede mirar. A continuación elige una pestaña, una ventana o toda la pantalla.',
    screenWarning: 'Se ve todo lo que haya allí, también contraseñas y datos de tarjetas: no se oculta nada.',
    screenYes: 'Elegir qué mostrar', screenNo: 'Ahora no',
    screenShown: '{who} puede ver su pantalla', screenPaused: 'Su pantalla no se ve por ahora',
    screenWaiting: 'Esperando a un agente', screenStop: 'Dejar de mostrar', screenRegion: 'Pantalla compartida',
  },
};
