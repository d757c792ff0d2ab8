import { Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { guardQuery } from "../data/fix_queries";
import { appInfoQuery } from "../data/queries";
import { useWindowFocus } from "../data/window_focus";
import { LANGUAGES, setLanguage } from "../i18n/setup";
import { isKeyOf } from "../lib/guard";
import { Icon } from "../ui/Icon";
import css from "./Frame.module.css";
import { Desk, DeskLock } from "./Desk";
import { FreshnessPill } from "./FreshnessPill";
import { JumpBox } from "./JumpBox";
import { KlaviyoMark } from "./KlaviyoMark";
import { ModeTag, natureOf } from "./ModeTag";
import { NAV, NAV_GROUPS } from "./nav";
import { NavCount } from "./NavCount";
import { Shortcuts } from "./Shortcuts";
import { StopBanner, StopSwitch } from "./StopSwitch";
import { StoreSwitcher } from "./StoreSwitcher";
import { SyncBanner } from "./SyncBanner";
import { SyncProgress } from "./SyncProgress";

/** What stands around every page of a store. */
export function Frame() {
  const { t } = useTranslation();
  const id = useStoreId();
  const store = useStore();
  const info = useQuery(appInfoQuery()).data;
  const writing = useQuery(guardQuery(id)).data?.guard;
  useWindowFocus(id);

  return (
    <div className={css["frame"]} data-nature={store === undefined ? undefined : natureOf(store)} data-writing={writing?.writing === true && !writing.stopped}>
      <a className={css["skip"]} href="#page" onClick={skip}>{t("frame.skip")}</a>
      <aside className={css["rail"]}>
        <StoreSwitcher />
        <nav aria-label={t("frame.pages")} className={css["nav"]}>
          {NAV_GROUPS.map((group) => (
            <div key={group} role="group" aria-label={t(`nav_group.${group}`)} className={css["navGroup"]}>
              <span className={css["navHead"]} aria-hidden="true">{t(`nav_group.${group}`)}</span>
              {NAV.filter((item) => item.group === group).map((item) => (
                <Link
                  key={item.name} to={item.to} params={{ store: id }} className={css["navItem"]}
                  data-testid={`nav-${item.name}`} activeOptions={{ exact: false, includeSearch: false }}
                  title={t("frame.nav_key", { key: item.key.toUpperCase() })}
                >
                  <Icon name={item.icon} size={15} />
                  <span>{t(`nav.${item.name}`)}</span>
                  {item.name === "stuck" ? <NavCount store={id} /> : null}
                  {item.name === "klaviyo" ? <KlaviyoMark store={id} /> : null}
                </Link>
              ))}
            </div>
          ))}
        </nav>
        <div className={css["foot"]}>
          <Preferences />
          <Shortcuts />
          {info === undefined ? null : <span className={css["version"]}>{t("frame.version", { version: info.version })}</span>}
        </div>
      </aside>
      <div className={css["main"]}>
        <header className={css["top"]}>
          <JumpBox />
          <div className={css["right"]}>
            <SyncProgress />
            {store === undefined ? null : <ModeTag store={store} />}
            <StopSwitch />
            <FreshnessPill />
            <Desk />
          </div>
        </header>
        <StopBanner />
        <DeskLock />
        <SyncBanner />
        <main id="page" className={css["page"]} tabIndex={-1} data-scroll="page">
          <Outlet />
        </main>
      </div>
    </div>
  );
}

/** The hash belongs to the router, so the link moves the focus itself. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById("page")?.focus();
}

/** Language and theme: of this window, not of a store. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = [
    { value: "light", icon: "sun" },
    { value: "dark", icon: "moon" },
    { value: "auto", icon: "screen" },
  ] as const;
  const language = isKeyOf(LANGUAGES, i18n.language) ? LANGUAGES[i18n.language] : i18n.language;
  return (
    <div className={css["preferences"]}>
      <Menu position="top-start">
        <Menu.Target>
          <UnstyledButton className={css["footButton"]} aria-label={`${t("preferences.language")}: ${language}`}>
            <Icon name="language" size={15} />
            <span>{language}</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item lang="en" onClick={() => void setLanguage("en")}>{LANGUAGES.en}</Menu.Item>
          <Menu.Item lang="zh-CN" onClick={() => void setLanguage("zh-CN")}>{LANGUAGES["zh-CN"]}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Menu position="top-end">
        <Menu.Target>
          <UnstyledButton className={css["footButton"]} aria-label={t("preferences.theme")} title={t("preferences.theme")}>
            <Icon name={schemes.find((scheme) => scheme.value === colorScheme)?.icon ?? "screen"} size={15} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {schemes.map((scheme) => (
            <Menu.Item key={scheme.value} leftSection={<Icon name={scheme.icon} size={14} />} onClick={() => setColorScheme(scheme.value)}>
              {t(`preferences.${scheme.value}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
