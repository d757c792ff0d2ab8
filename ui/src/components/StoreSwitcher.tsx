import { Menu, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useStore } from "../data/active_store";
import { storeListQuery } from "../data/queries";
import { Icon } from "../ui/Icon";
import { ModeTag, natureOf } from "./ModeTag";
import css from "./StoreSwitcher.module.css";

/** The store in front, and the way to the others. */
export function StoreSwitcher() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const store = useStore();
  const { data } = useQuery(storeListQuery());

  return (
    <Menu width={260}>
      <Menu.Target>
        <UnstyledButton
          className={css["switcher"]} data-testid="store-switcher" data-nature={store === undefined ? "file" : natureOf(store)}
          title={store === undefined ? t("frame.choose_store") : t("frame.store", { name: store.name })}
        >
          <span className={css["lines"]}>
            <span className={css["name"]}><bdi>{store?.name ?? t("frame.choose_store")}</bdi></span>
            {store === undefined ? null : <ModeTag store={store} />}
          </span>
          <Icon name="chevron_down" size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {data?.stores.map((item) => (
          <Menu.Item
            key={item.public_id}
            leftSection={<span className={css["tick"]}>{item.public_id === store?.public_id ? <Icon name="check" size={14} /> : null}</span>}
            rightSection={<ModeTag store={item} />}
            onClick={() => void navigate({ to: "/s/$store/overview", params: { store: item.public_id } })}
          >
            <bdi className={css["item"]}>{item.name}</bdi>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="plus" size={14} />} onClick={() => void navigate({ to: "/welcome" })}>
          {t("frame.add_store")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
