// From the original to the domain: one large slider beside the menu of models.

import { expect, test } from './fixtures';

test('the slider: the transfer at first, the sound itself at the other end, each step heard, one undo', async ({ studio, page }) => {
  const slider = page.getByRole('slider', { name: 'From the original to the domain' });
  await expect(slider).toHaveAttribute('aria-valuetext', 'strings');
  const transfer = await studio.state();
  await page.getByRole('button', { name: 'original', exact: true }).click();
  await expect(slider).toHaveAttribute('aria-valuetext', 'the original');
  const original = await studio.state();
  expect(original.samples).not.toBe(transfer.samples);
  expect(original.history.at(-1)).toBe('Domain 0 %');
  await expect(page.getByRole('slider', { name: 'Colour', exact: true })).toHaveAttribute('aria-valuenow', '1'); // the sound's own
  // nearer to the input than the transfer is: the correlation of the mels
  const near = () => page.evaluate(() => {
    const [a, b] = [window.melisma.received.inputWave.mel.data, window.melisma.received.resultWave.mel.data];
    let sum = 0;
    for (let i = 0; i < Math.min(a.length, b.length); i++) sum += Math.abs(a[i] - b[i]);
    return sum / a.length;
  });
  const off = await near();
  await page.keyboard.press('Control+z');
  await studio.settled();
  expect((await studio.state()).samples).toBe(transfer.samples);
  expect(await near()).toBeGreaterThan(1.5 * off);
  await slider.focus();
  for (let n = 0; n < 12; n++) await page.keyboard.press('ArrowLeft');
  await studio.settled();
  await expect(slider).toHaveAttribute('aria-valuetext', '88 % of the way to strings');
  expect((await studio.state()).at).toBe(transfer.at + 1); // twelve presses are one step
  const box = (await slider.boundingBox())!;
  expect(box.width).toBeGreaterThan(200);
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2, { steps: 4 });
  await page.waitForFunction(() => window.melisma.work.gesture && window.melisma.received.done === 1); // heard while it moves
  await page.mouse.up();
  await studio.settled();
  expect(await page.evaluate(() => window.melisma.work.take.domain)).toBeLessThan(0.35);
  await page.keyboard.press(' '); // the slider has the focus, and Space plays all the same
  await page.waitForFunction(() => window.melisma.transport.playing);
  await page.keyboard.press(' ');
  await slider.dblclick();
  expect((await studio.state()).samples).toBe(transfer.samples);
});

test('a snapshot sounds as the take did', async ({ studio, page }) => {
  const { samples } = await studio.state();
  const heard = await page.evaluate(async () => {
    const answer = await fetch('/api/take/samples', { method: 'POST', body: JSON.stringify(window.melisma.work.session.take) });
    const digest = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  expect(heard).toBe(samples);
});
