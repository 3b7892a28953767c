// The first opening, and the words that `?` explains.

import { findings } from './axe';
import { expect, test } from './fixtures';

test('three hints at the first opening, once, and in nobody\'s way', async ({ studio, page, context }) => {
  const fresh = await context.browser()!.newPage({ viewport: { width: 1400, height: 900 } });
  await fresh.goto(studio.server.address);
  const hint = fresh.getByRole('dialog');
  await expect(hint).toContainText('From your sound to the domain');
  await fresh.waitForFunction(() => window.melisma.received.done === 1);
  expect(await findings(fresh)).toEqual([]);
  if (process.env.SHOTS) await fresh.screenshot({ path: `${process.env.SHOTS}/hint.png` });
  await fresh.keyboard.press('l'); // the page goes on underneath
  expect(await fresh.evaluate(() => window.melisma.transport.looping)).toBe(true);
  for (const title of ['Draw, and hear it', 'Other sounds, other places']) {
    await hint.getByRole('button', { name: 'Next' }).click();
    await expect(hint).toContainText(title);
    const box = (await hint.boundingBox())!;
    expect(box.x + box.width).toBeLessThanOrEqual(1400);
    expect(box.y + box.height).toBeLessThanOrEqual(900);
  }
  await hint.getByRole('button', { name: 'Begin' }).click();
  await expect(hint).toBeHidden();
  await fresh.reload();
  await fresh.waitForFunction(() => window.melisma?.received.done === 1);
  await expect(fresh.getByRole('dialog')).toHaveCount(0);
  await fresh.close();
  await page.getByRole('button', { name: 'Use it here' }).click(); // the tab of before
  await studio.settled();
});

test('? explains latent, σ, match, fine and colour, each in a sentence and with a sound', async ({ studio, page }) => {
  const before = await studio.state();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Words and shortcuts' });
  const level = async (body: Buffer) => {
    const sound = new Float32Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
    return { length: sound.length, peak: sound.reduce((most, x) => Math.max(most, Math.abs(x)), 0), text: body.toString('base64') };
  };
  for (const [word, pieces] of [['Latent', 2], ['σ', 3], ['Match', 2], ['Fine', 2], ['Colour', 2]] as const) {
    await expect(help.getByText(word, { exact: true })).toBeVisible();
    const heard: { length: number; peak: number; text: string }[] = [];
    const listen = async (answer: import('@playwright/test').Response) => {
      if (answer.url().endsWith('/api/take/piece')) heard.push(await level(await answer.body()));
    };
    page.on('response', listen);
    const button = help.getByRole('button', { name: new RegExp(`^Hear ${word}:`) });
    await button.click();
    await expect(button).toHaveAttribute('aria-pressed', 'true');
    await expect.poll(() => heard.length).toBe(pieces);
    page.off('response', listen);
    for (const { length, peak } of heard) expect([length > 0.4 * 44100, peak > 0.01]).toEqual([true, true]);
    expect(new Set(heard.map((one) => one.text)).size).toBe(pieces); // each is another sound
    await button.click();
  }
  await studio.shot('words');
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  const after = await studio.state();
  expect([after.samples, after.at]).toEqual([before.samples, before.at]); // nothing of the session
});
