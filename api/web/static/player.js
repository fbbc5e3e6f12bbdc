// Says so when a browser cannot show a clip: an error, or sound without a picture (videoWidth 0), which raises none.
(() => {
  const reveal = (id) => {
    const text = document.getElementById(id);
    if (text) text.hidden = false;
  };
  const hasNoPicture = (media) => media.tagName === "VIDEO" && media.videoWidth === 0;
  const isFootage = (target) => target instanceof Element && target.classList.contains("footage");
  const onError = (media) => {
    if (isFootage(media)) reveal("play-failed");
  };
  const onLoaded = (media) => {
    if (!isFootage(media)) return;
    if (hasNoPicture(media)) reveal("no-picture");
    if (document.activeElement === document.body) media.focus();
  };

  // These events do not bubble; the capture phase sees them for players that come later.
  document.addEventListener("error", (event) => onError(event.target), true);
  document.addEventListener("loadedmetadata", (event) => onLoaded(event.target), true);
})();
