import type { Hit, Recording } from './replay';

/** `<cobrowse-player>`, which `player.js` defines: plays a recording. `replay.js` is loaded from beside `player.js` when the first
 *  recording is opened. Times are in seconds, as those of media elements are.
 *
 *  Attributes: `src`, the address of a recording; `t`, where it begins (`12.5`, `1m2s`, `1:02`); `speed`; `skip-idle`; `autoplay`;
 *  `trail="off"`; `assets`, the only origins that pages may have something loaded from, with blanks between (docs/privacy.md). It takes the place that its style gives it: give it a height.
 *
 *  Events, none of which bubbles but `link`: `loadstart`, `ready` (the first page is shown), `surveyed` (marks and stretches without a
 *  change are known), `play`, `pause`, `ended`, `seeking`, `seeked`, `timeupdate`, `ratechange`, `emptied`, `error` (`detail.error`),
 *  `link` (a link to the moment is asked for: `detail.time`, `detail.hash`; prevent its default to make one, and say in `detail.said`
 *  what you did). */
export interface CobrowsePlayer extends HTMLElement {
  src: string;
  /** Setting it seeks. */
  currentTime: number;
  /** The time of the last frame; `NaN` while nothing is open. */
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  /** Why nothing is open, or why the last moment could not be shown. */
  readonly error: Error | null;
  /** 0.5, 1, 2, 4, 8 or 16. */
  playbackRate: number;
  /** Whether stretches of more than 2 s without a change are run through in half a second. */
  skipIdle: boolean;
  /** Whether the last two seconds of pointers are shown. */
  trail: boolean;
  /** The tab of the panel that is open; nothing for none. */
  panel: '' | 'changes' | 'search' | 'moments';
  /** The rebuilt document; `null` while nothing is open. */
  readonly document: Document | null;
  /** The recording that is open. Seek with the player, which shows where it is. */
  readonly recording: Recording | null;
  /** Opens a file, bytes, or an address (http and https only). Resolves when its first page is shown; rejects with the byte at which
   *  it is no recording. */
  open(source: Blob | ArrayBuffer | ArrayBufferView | string | URL): Promise<void>;
  close(): void;
  play(): Promise<void>;
  pause(): void;
  /** Resolves when the page of that moment is shown. Of many that are asked for meanwhile the latest is shown. */
  seek(seconds: number): Promise<void>;
  /** Pauses, and shows the next frame, or the one before; false where there is none. */
  step(): Promise<boolean>;
  stepBack(): Promise<boolean>;
  /** Opens the search, and looks for a text in the whole recording. */
  search(text: string): Promise<Hit[]>;
}

declare global {
  interface HTMLElementTagNameMap {
    'cobrowse-player': CobrowsePlayer;
  }
}
