// Who is at the desk, and what they may do.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { call } from "../ipc/call";
import type { May } from "../ipc/generated/May";
import type { OperatorMe } from "../ipc/generated/OperatorMe";
import type { Role } from "../ipc/generated/Role";
import { useStore } from "./active_store";
import { operatorMeQuery } from "./fix_queries";

/** Who is at the desk; undefined while that is read. */
export function useMe(): OperatorMe | undefined {
  return useQuery(operatorMeQuery()).data;
}

const LOWEST: Record<keyof May, Role> = {
  repair: "support", move_money: "support", manage_integrations: "admin", manage_operators: "owner",
};

/** Why the person at the desk may not do something to this store; undefined where they may. The engine refuses it too. */
export function useRefusal(need: keyof May): string | undefined {
  const { t } = useTranslation();
  const me = useMe();
  const store = useStore();
  if (store?.read_only === true) return t("desk.read_only");
  return refusalOf(me, need, t("desk.locked_reason"), (role) => t("desk.needs_role", { role: t(`role.${role}`) }));
}

/** The same of what no store is asked for: operators and the window. */
export function useDeskRefusal(need: keyof May): string | undefined {
  const { t } = useTranslation();
  return refusalOf(useMe(), need, t("desk.locked_reason"), (role) => t("desk.needs_role", { role: t(`role.${role}`) }));
}

function refusalOf(me: OperatorMe | undefined, need: keyof May, locked: string, needs: (role: Role) => string): string | undefined {
  if (me === undefined || me.may[need]) return undefined;
  return me.locked ? locked : needs(LOWEST[need]);
}

const TOUCH_EVERY_MS = 30_000;

/** Tells the engine that somebody is there, so that the desk does not lock under their hands. */
export function useTouch(): void {
  const client = useQueryClient();
  const me = useMe();
  const open = me?.more_than_one === true && !me.locked;
  useEffect(() => {
    if (!open) return undefined;
    let last = Number.NEGATIVE_INFINITY;
    const touched = (event: Event) => {
      if (event.timeStamp - last < TOUCH_EVERY_MS) return;
      last = event.timeStamp;
      call("operator_touch", null, {})
        .then((now) => client.setQueryData(operatorMeQuery().queryKey, now))
        // Locked meanwhile: the next look says so.
        .catch(() => client.invalidateQueries({ queryKey: operatorMeQuery().queryKey }));
    };
    window.addEventListener("keydown", touched);
    window.addEventListener("pointerdown", touched);
    return () => {
      window.removeEventListener("keydown", touched);
      window.removeEventListener("pointerdown", touched);
    };
  }, [client, open]);
}
