import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { studio } from './lib/studio.svelte';

mount(App, { target: document.getElementById('app')! });
Object.assign(window, { melisma: studio }); // for the browser's console, and for tests
