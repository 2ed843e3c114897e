// A stand-in for LivePerson's tag: the part of its contract that the adapter uses. On your site it is LivePerson's own.

(() => {
  const bound = [];
  const fired = [];
  const fits = (wanted, name) => wanted === '*' || wanted === name;
  window.lpTag = {
    events: {
      bind(appName, eventName, func) {
        bound.push({ appName, eventName, func });
      },
      publish(appName, eventName, data) {
        fired.push({ appName, eventName, data });
        for (const { appName: app, eventName: name, func } of [...bound]) {
          if (fits(app, appName) && fits(name, eventName)) func(data, { appName, eventName });
        }
      },
      hasFired: (appName, eventName) => fired.filter((event) => fits(appName, event.appName) && fits(eventName, event.eventName)),
    },
  };
})();
