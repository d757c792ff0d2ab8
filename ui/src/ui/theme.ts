import { createTheme } from "@mantine/core";

/** Mantine in the console's density. Colours come from tokens.css; these ten shades serve Mantine's own variants. */
export const theme = createTheme({
  fontFamily: "var(--fd-font)",
  fontFamilyMonospace: "var(--fd-mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "13px", lg: "15px", xl: "18px" },
  defaultRadius: "6px",
  cursorType: "pointer",
  primaryColor: "sea",
  primaryShade: { light: 7, dark: 6 },
  focusRing: "auto",
  respectReducedMotion: true,
  colors: {
    sea: ["#eaf5f9", "#d5e9f1", "#aad3e2", "#7bbcd3", "#5bbcd9", "#2f93b5", "#17799b", "#0a6684", "#07506a", "#043b4f"],
    // White stands on 6 and 7, and 4 on a dark page.
    red: ["#fbe5e2", "#f7cdc8", "#f0a49d", "#f0857b", "#e87167", "#cf4a40", "#b92f26", "#b3261e", "#8f1e18", "#6b1612"],
    dark: ["#e3e9ed", "#bcc7cf", "#9eabb6", "#6f7d89", "#36434e", "#222c35", "#1a232b", "#141b21", "#0e1419", "#0a0f13"],
    gray: ["#f5f7f8", "#ebeff1", "#e1e6ea", "#d3dae0", "#c8d0d7", "#a9b4bd", "#84919c", "#52606c", "#2f3c47", "#15212b"],
  },
  components: {
    Button: { defaultProps: { size: "xs", variant: "default", fw: 500 } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    TagsInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    MultiSelect: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    Autocomplete: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Menu: { defaultProps: { shadow: "md", position: "bottom-start", transitionProps: { duration: 80 } } },
    Modal: {
      defaultProps: { centered: true, transitionProps: { duration: 100 }, overlayProps: { backgroundOpacity: 0.35 } },
      // Raised from a dark page too.
      styles: { content: { background: "var(--fd-raised)", border: "1px solid var(--fd-line-strong)" }, header: { background: "var(--fd-raised)" } },
    },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, multiline: true, maw: 320, fz: "12px" } },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 80 } } },
  },
});
