// One player for all sounds: every link of the class "play" becomes a button for it. Pictures show where it is.
const sound = new Audio(), links = [...document.querySelectorAll("a.play")];
const [bar, toggle, now, seek, clock] = ["bar", "toggle", "now", "seek", "clock"].map((id) => document.getElementById(id));
let file = "", length = 0, dragged = false;

const buttons = links.filter((link) => !link.classList.contains("panel"));
for (const link of buttons) {
  link.setAttribute("role", "button");
  link.setAttribute("aria-pressed", "false");
}

function show() {
  const playing = !sound.paused, at = length ? Math.min(1, sound.currentTime / length) : 0;
  for (const link of links) {
    const own = link.getAttribute("href") === file;
    link.classList.toggle("on", own);
    link.classList.toggle("playing", own && playing);
    link.style.setProperty("--at", own ? at : 0);
    if (link.hasAttribute("aria-pressed")) link.setAttribute("aria-pressed", String(own && playing));
  }
  bar.classList.toggle("playing", playing);
  toggle.setAttribute("aria-label", playing ? "Stop" : "Play");
  if (!dragged) seek.value = sound.currentTime;
  seek.setAttribute("aria-valuetext", `${sound.currentTime.toFixed(1)} seconds`);
  clock.textContent = `${sound.currentTime.toFixed(1)} / ${length.toFixed(1)} s`;
  if (playing) requestAnimationFrame(show);
}

function failed() {
  now.textContent = "This sound cannot be played: is its file still beside the page?";
}

function play(link) {
  if (link.getAttribute("href") === file) {
    if (sound.paused) sound.play().catch(failed);
    else sound.pause();
    return;
  }
  file = link.getAttribute("href");
  length = Number(link.dataset.seconds);
  now.textContent = link.dataset.title;
  seek.max = length;
  bar.hidden = false;
  sound.src = file;
  sound.play().catch((error) => error.name === "AbortError" || failed()); // aborted: another was chosen meanwhile
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a link still, for who wants the file
    event.preventDefault();
    play(link);
  });
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    play(link);
  });
}

// arrows go about in the table
document.querySelector("table.sounds").addEventListener("keydown", (event) => {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  const cell = step && event.target.closest("td"), row = cell && cell.parentElement;
  const next = row && row.parentElement.rows[row.sectionRowIndex + step[0]]?.cells[cell.cellIndex + step[1]]?.querySelector("a");
  if (!next) return;
  event.preventDefault();
  next.focus();
});

toggle.addEventListener("click", () => (sound.paused ? sound.play().catch(failed) : sound.pause()));
seek.addEventListener("input", () => { dragged = true; sound.currentTime = Number(seek.value); });
seek.addEventListener("change", () => { dragged = false; });
for (const event of ["play", "pause", "ended", "seeked"]) sound.addEventListener(event, show);
