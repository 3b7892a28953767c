import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: { outDir: '../src/melisma/studio/page', emptyOutDir: true, assetsInlineLimit: 0, target: 'es2022' },
  test: { include: ['tests/**/*.test.ts'] },
});
