import { TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { Icon } from "../ui/Icon";

/** The search of a page: what is typed is asked for a moment later. `/` leads here. */
export function SearchField({
  text: given, label, placeholder, onSearch,
}: { text: string | undefined; label: string; placeholder: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(given ?? "");
  const asked = useRef(given ?? "");

  useEffect(() => {
    if (text.trim() === asked.current) return undefined;
    const timer = setTimeout(() => {
      asked.current = text.trim();
      onSearch(text.trim());
    }, 250);
    return () => clearTimeout(timer);
  }, [text, onSearch]);

  return (
    <TextInput
      w={214} type="search" maxLength={200} data-search="page" aria-label={label} placeholder={placeholder}
      leftSection={<Icon name="search" size={14} />} value={text} onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
      }}
    />
  );
}
