import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e', workers: 1, timeout: 180_000, reporter: 'list', outputDir: 'test-results', fullyParallel: false,
  expect: { timeout: 20_000 },
  use: {
    viewport: { width: 1560, height: 940 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
        '--disable-sync', '--autoplay-policy=no-user-gesture-required', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
      ],
    },
  },
});
