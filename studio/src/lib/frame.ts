/** A function that draws at most once a frame, however often it is asked. */
export function eachFrame(draw: () => void): () => void {
  let wanted = 0;
  return () => {
    wanted ||= requestAnimationFrame(() => {
      wanted = 0;
      draw();
    });
  };
}
