"use strict";
(() => {
  const form = document.querySelector("form");
  const main = document.querySelector("main");
  const cards = [...main.querySelectorAll("article")];
  const none = document.getElementById("none");
  const videos = [...main.querySelectorAll("video")];

  const matches = (card, words) =>
    words.every((word) => card.dataset.text.includes(word)) &&
    (!form.state.value || card.dataset.state === form.state.value) &&
    (!form.provider.value || card.dataset.provider === form.provider.value);

  const orders = {
    file: (a, b) => a.dataset.number - b.dataset.number,
    id: (a, b) => a.dataset.id.localeCompare(b.dataset.id, undefined, { numeric: true }),
    state: (a, b) => a.dataset.rank - b.dataset.rank,
    provider: (a, b) => a.dataset.provider.localeCompare(b.dataset.provider),
    // an unknown price is neither cheap nor dear: it comes last
    dearest: (a, b) => (b.dataset.price || -1) - (a.dataset.price || -1),
  };

  const show = () => {
    const words = form.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      card.hidden = !matches(card, words);
      shown += !card.hidden;
    }
    form.count.value = `${shown} of ${cards.length}`;
    none.hidden = shown > 0;
    for (const video of videos) {
      if (video.closest("article").hidden) video.pause();
    }
  };

  const sort = () => {
    const order = orders[form.order.value];
    const sorted = [...cards].sort((a, b) => order(a, b) || orders.file(a, b));
    main.prepend(...sorted);
  };

  // a page of hundreds of clips reads only the beginnings of those that are looked at
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) {
        target.preload = "metadata";
        seen.unobserve(target);
      }
    }
  }, { rootMargin: "200px" });
  for (const video of videos) {
    seen.observe(video);
    video.addEventListener("play", () => {
      for (const other of videos) if (other !== video) other.pause();
    });
    video.addEventListener("error", () => {
      const said = document.createElement("span");
      said.textContent = "the file is not there";
      video.replaceWith(said);
    }, { once: true });
  }

  form.addEventListener("input", (event) => (event.target === form.order ? sort() : show()));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  sort();
  show();
})();
