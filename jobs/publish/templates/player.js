// One track at a time, and the next one when it ends. The page works without this.
const players = [...document.querySelectorAll("audio")];
players.forEach((player, place) => {
  player.addEventListener("play", () => players.forEach((other) => other !== player && other.pause()));
  player.addEventListener("ended", () => players[place + 1]?.play());
});
