// Says whether the dock board is live; while its event stream is broken, the board is asked for every few seconds instead.
(() => {
  const POLL_MS = 5000;
  let timer = null;

  const show = (isLive) => {
    const state = document.getElementById("live-state");
    state.hidden = false;
    state.textContent = isLive ? state.dataset.live : state.dataset.polling;
    state.classList.toggle("bg-green-lt", isLive);
    state.classList.toggle("bg-yellow-lt", !isLive);
  };
  const poll = async () => {
    const answer = await fetch("/board", { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer) return;
    if (answer.redirected) {
      window.location.reload(); // signed out meanwhile
      return;
    }
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    if (fresh) document.getElementById("board").replaceChildren(...fresh.childNodes);
  };
  const startPolling = () => {
    show(false);
    if (timer === null) timer = window.setInterval(poll, POLL_MS);
  };
  const stopPolling = () => {
    window.clearInterval(timer);
    timer = null;
    show(true);
  };

  document.addEventListener("htmx:sse:after:connection", stopPolling);
  document.addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) window.location.reload();
    else startPolling();
  });
  document.addEventListener("htmx:sse:close", startPolling);
  document.addEventListener("htmx:error", startPolling);
})();
