import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import './styles/tokens.css';
import './styles/base.css';
import './styles/header.css';
import './styles/tabs.css';
import './styles/controls.css';
import './styles/sheets.css';
import './styles/editor.css';
import './styles/todos.css';
import './styles/panel.css';
import './styles/log.css';

const root = document.getElementById('app');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
