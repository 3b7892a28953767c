// Whatever sounds and snapshots are called: what is done with them is kept.

import { expect, sine, test, wav } from './fixtures';

const sound = (name: string) => ({ name, mimeType: 'audio/wav', buffer: wav(sine(1, 220, 0.3)) });

test('a name as long as a file system allows: the sound, its snapshot and a corner are kept', async ({ studio, page }) => {
  await studio.load(sound(`${'x'.repeat(246)}.wav`));
  await page.keyboard.press('s');
  await studio.settled();
  await page.getByLabel('Corner A is').selectOption('current');
  await studio.settled();
  await page.evaluate(() => {
    const { work } = window.melisma; // as a field with no bound would
    const [one] = work.session.snapshots;
    work.commit('n'.repeat(500), { ...work.session, snapshots: [{ ...one, name: one.name.slice(0, 5) }] });
  });
  await studio.settled();
  const name = page.getByLabel('Name of snapshot 1');
  await name.fill('n'.repeat(300));
  await name.press('Enter');
  const before = await studio.state();
  await page.reload();
  await studio.opened();
  expect(await studio.state()).toEqual(before);
  await expect(name).toHaveValue('n'.repeat(200));
});

test('a name with a sign of two halves where it is cut: the page goes on', async ({ studio, page }) => {
  await studio.load(sound(`${'a'.repeat(59)}😀b.wav`)); // the fixture wants no error of the page
  await page.reload();
  await studio.opened();
  await expect(page.locator('#save')).toHaveAttribute('download', `${'a'.repeat(59)}😀.melisma-session`);
  await expect(page.getByRole('slider', { name: 'Latent 4, curve' })).toBeVisible();
});

test('a snapshot with a slash in its name is downloaded', async ({ studio, page }) => {
  await page.keyboard.press('s');
  await studio.settled();
  const name = page.getByLabel('Name of snapshot 1');
  await name.fill('drums/voice');
  await name.press('Enter');
  await studio.settled();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download drums/voice' }).click()]);
  expect(download.suggestedFilename()).toBe('drums_voice.wav');
  expect(await download.failure()).toBeNull();
});
