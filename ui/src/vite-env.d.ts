/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where `foredeckctl`'s development server answers, for work in a browser. Development only. */
  readonly VITE_FOREDECK_DEV_URL?: string;
}
