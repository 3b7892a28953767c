// One player for all sounds: every picture, a link to its sound, becomes a button that plays it and shows the place.
const links = [...document.querySelectorAll("a.play")], hero = [...document.querySelectorAll(".hero a.play")];
const [bar, toggle, now, seek, clock, loop] = ["bar", "toggle", "now", "seek", "clock", "loop"].map((id) => document.getElementById(id));
const sounds = new Map(); // file → its audio element, so that a change from one to another waits for nothing
let current = null, dragged = false;

const fileOf = (link) => link.getAttribute("href");
const lengthOf = (link) => Number(link.dataset.seconds);
const together = (link) => link.closest(".strip.together");

function soundOf(link) {
  const file = fileOf(link);
  if (!sounds.has(file)) {
    const sound = new Audio();
    sound.preload = "auto";
    sound.src = file;
    for (const event of ["play", "pause", "ended", "seeked"]) sound.addEventListener(event, () => current && soundOf(current) === sound && show());
    sounds.set(file, sound);
  }
  return sounds.get(file);
}

function show() {
  const sound = soundOf(current), length = lengthOf(current), playing = !sound.paused;
  const at = Math.min(1, sound.currentTime / length), strip = current.closest(".strip");
  for (const other of document.querySelectorAll(".strip")) {
    other.classList.toggle("sounding", other === strip && playing);
    other.style.setProperty("--at", other === strip ? at : 0);
  }
  for (const link of links) {
    link.classList.toggle("on", link === current);
    link.classList.toggle("playing", link === current && playing);
    link.setAttribute("aria-pressed", String(link === current && playing));
  }
  bar.classList.toggle("playing", playing);
  toggle.setAttribute("aria-label", playing ? "Pause" : "Play");
  if (!dragged) seek.value = sound.currentTime;
  seek.setAttribute("aria-valuetext", `${sound.currentTime.toFixed(1)} seconds`);
  clock.textContent = `${sound.currentTime.toFixed(1)} / ${length.toFixed(1)} s`;
  if (playing) requestAnimationFrame(show);
}

function failed(error) {
  if (error.name !== "AbortError") now.textContent = "This sound cannot be played: is its file still beside the page?"; // aborted: another was chosen meanwhile
}

function play(link) {
  const before = current && soundOf(current);
  if (link === current) {
    if (before.paused) before.play().catch(failed);
    else before.pause();
    return;
  }
  const sound = soundOf(link), kept = current && together(link) && together(link) === together(current) && !before.ended;
  const place = kept ? before.currentTime : 0;
  if (before) before.pause();
  current = link;
  now.textContent = link.dataset.title;
  seek.max = lengthOf(link);
  bar.hidden = false;
  sound.loop = loop.getAttribute("aria-pressed") === "true";
  sound.currentTime = place;
  sound.play().catch(failed);
  show();
}

function goRound() {
  const on = loop.getAttribute("aria-pressed") !== "true";
  loop.setAttribute("aria-pressed", String(on));
  if (current) soundOf(current).loop = on;
}

for (const link of links) {
  link.setAttribute("role", "button");
  link.setAttribute("aria-pressed", "false");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a link still, for who wants the file
    event.preventDefault();
    play(link);
  });
}
for (const link of hero) soundOf(link);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const link = event.target.closest("a.play");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === " " && link) play(link);
  else if (hero[event.key - 1]) play(hero[event.key - 1]);
  else if (event.key.toLowerCase() === "l") { bar.hidden = !current; goRound(); }
  else if (step && link) (step > 0 ? link.nextElementSibling : link.previousElementSibling)?.focus();
  else return;
  event.preventDefault();
});

toggle.addEventListener("click", () => play(current));
loop.addEventListener("click", goRound);
seek.addEventListener("input", () => { dragged = true; soundOf(current).currentTime = Number(seek.value); });
seek.addEventListener("change", () => { dragged = false; });
