import { Combobox, Loader, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useStore, useStoreId } from "../data/active_store";
import { searchQuery } from "../data/queries";
import { useWords } from "../data/words";
import { Icon } from "../ui/Icon";
import css from "./JumpBox.module.css";
import { StatusTag } from "./StatusTag";
import { Given, Money } from "./Values";

/** The choice that is no order. */
const NEW = "new preorder";

/** Any id or the start of an e-mail leads straight to its order: the fastest way with a customer on the phone. */
export function JumpBox() {
  const { t } = useTranslation();
  const words = useWords();
  const store = useStoreId();
  const readOnly = useStore()?.read_only ?? true;
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text.trim(), 120);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const { data, isFetching, isPlaceholderData } = useQuery({ ...searchQuery(store, asked), enabled: asked !== "" });
  const hits = asked === "" ? [] : (data?.hits ?? []);
  const first = hits[0]?.row.id;
  // What is listed may still answer an earlier text: nobody may be led to the order of somebody else by typing fast.
  const answered = text.trim() === asked && !isPlaceholderData && (asked === "" || data !== undefined);
  const entered = useRef(false);

  useEffect(() => {
    if (!answered || first === undefined) combobox.resetSelectedOption();
    else if (entered.current) open(first);
    else combobox.selectFirstOption();
    if (answered) entered.current = false;
    // Only the list's head matters; the combobox object changes with every render.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [answered, first]);

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        input.current?.focus();
        input.current?.select();
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);

  const open = (id: string) => {
    entered.current = false;
    setText("");
    combobox.closeDropdown();
    input.current?.blur();
    if (id === NEW) return void navigate({ to: "/s/$store/new-preorder", params: { store } });
    return void navigate({ to: "/s/$store/preorders/$id", params: { store, id } });
  };

  return (
    <Combobox store={combobox} onOptionSubmit={open} width={460} position="bottom-start" shadow="md">
      <Combobox.Target>
        <TextInput
          ref={input} maxLength={200} className={css["box"]} value={text} type="search" aria-label={t("jump.label")} placeholder={t("jump.placeholder")}
          data-search="jump" leftSection={<Icon name="search" size={14} />}
          rightSection={isFetching ? <Loader size={12} /> : null}
          onChange={(event) => {
            entered.current = false;
            setText(event.currentTarget.value);
            combobox.openDropdown();
          }}
          onFocus={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === "Escape") {
              entered.current = false;
              setText("");
              event.currentTarget.blur();
            }
            if (event.key === "Enter" && !answered) entered.current = true;
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={asked === "" && readOnly}>
        <Combobox.Options>
          {hits.map(({ row, matched }) => (
            <Combobox.Option key={row.id} value={row.id}>
              <span className={css["hit"]}>
                <span className={css["who"]}><Given text={row.email ?? row.name ?? row.id} /></span>
                <span className={css["why"]}>{words.hit(matched)}</span>
                <Money minor={row.amount_minor} currency={row.currency} />
                <StatusTag status={row.status} />
              </span>
            </Combobox.Option>
          ))}
          {readOnly ? null : <Combobox.Option value={NEW}><span className={css["new"]}><Icon name="plus" size={13} />{t("new_preorder.title")}</span></Combobox.Option>}
          {hits.length === 0 && !isFetching && asked !== "" ? <Combobox.Empty>{t("jump.nothing")}</Combobox.Empty> : null}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
