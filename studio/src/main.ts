import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { look } from './lib/look.svelte';
import { notices } from './lib/notices.svelte';
import { received } from './lib/received.svelte';
import { sounds } from './lib/sounds.svelte';
import { studio } from './lib/studio.svelte';
import { transport } from './lib/transport.svelte';
import { work } from './lib/work.svelte';

mount(App, { target: document.getElementById('app')! });
Object.assign(window, { melisma: { look, notices, received, sounds, studio, transport, work } }); // for the console, and for tests
