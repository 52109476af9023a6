// Shows what was pushed, once: two with one tag are one. A press opens the place that it names, on this site only.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification(told.title ?? "Steady", { body: told.body ?? "", tag: told.tag, data: told.url }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const place = new URL(event.notification.data ?? "/", self.location.origin);
  event.waitUntil(self.clients.openWindow(place.origin === self.location.origin ? place.href : "/"));
});
