// The engine's table of contents as the window uses it, and the few operations the shell adds.

import type { AppInfo } from "./generated/AppInfo";
import type { Catalogue } from "./generated/Catalogue";
import type { EventPage } from "./generated/EventPage";
import type { EventPageArgs } from "./generated/EventPageArgs";
import type { ExportArgs } from "./generated/ExportArgs";
import type { ExportReply } from "./generated/ExportReply";
import type { FileOpenArgs } from "./generated/FileOpenArgs";
import type { Freshness } from "./generated/Freshness";
import type { Funnel } from "./generated/Funnel";
import type { FunnelArgs } from "./generated/FunnelArgs";
import type { Health } from "./generated/Health";
import type { KeyCheck } from "./generated/KeyCheck";
import type { MirrorBackupArgs } from "./generated/MirrorBackupArgs";
import type { MirrorReport } from "./generated/MirrorReport";
import type { NoArgs } from "./generated/NoArgs";
import type { Overview } from "./generated/Overview";
import type { PlanList } from "./generated/PlanList";
import type { PlanPreview } from "./generated/PlanPreview";
import type { PlanPreviewArgs } from "./generated/PlanPreviewArgs";
import type { PlanSetArgs } from "./generated/PlanSetArgs";
import type { PreorderPage } from "./generated/PreorderPage";
import type { PreorderPageArgs } from "./generated/PreorderPageArgs";
import type { PreorderSheet } from "./generated/PreorderSheet";
import type { PurchaseAnswer } from "./generated/PurchaseAnswer";
import type { PurchasePage } from "./generated/PurchasePage";
import type { PurchasePageArgs } from "./generated/PurchasePageArgs";
import type { PurchaseSheet } from "./generated/PurchaseSheet";
import type { PurchaseSheetArgs } from "./generated/PurchaseSheetArgs";
import type { PurchaseStatusArgs } from "./generated/PurchaseStatusArgs";
import type { RawFact } from "./generated/RawFact";
import type { RawFactArgs } from "./generated/RawFactArgs";
import type { ReconcileArgs } from "./generated/ReconcileArgs";
import type { Reconciliation } from "./generated/Reconciliation";
import type { SearchArgs } from "./generated/SearchArgs";
import type { SearchReply } from "./generated/SearchReply";
import type { Settings } from "./generated/Settings";
import type { SheetArgs } from "./generated/SheetArgs";
import type { StoreAddArgs } from "./generated/StoreAddArgs";
import type { StoreKeyArgs } from "./generated/StoreKeyArgs";
import type { StoreList } from "./generated/StoreList";
import type { StoreRemoveArgs } from "./generated/StoreRemoveArgs";
import type { StoreView } from "./generated/StoreView";
import type { SyncNowArgs } from "./generated/SyncNowArgs";
import type { WalletAdjustArgs } from "./generated/WalletAdjustArgs";
import type { WalletPage } from "./generated/WalletPage";
import type { WalletPageArgs } from "./generated/WalletPageArgs";
import type { WalletSheet } from "./generated/WalletSheet";
import type { WalletSheetArgs } from "./generated/WalletSheetArgs";
import type { Webhooks } from "./generated/Webhooks";
import type { WindowFocusArgs } from "./generated/WindowFocusArgs";

type Operation<Args, Reply> = { args: Args; reply: Reply };

/** Asks the desktop for a file. */
export type PickFileArgs = { save: boolean; title: string; default_name?: string };
/** The file; null where the person closed the dialog. */
export type PickFileReply = { path: string | null };
/** What the command line asked to open. */
export type StartReply = { store: string | null; route: string | null };

export type Operations = {
  app_info: Operation<NoArgs, AppInfo>;
  store_list: Operation<NoArgs, StoreList>;
  store_add: Operation<StoreAddArgs, StoreView>;
  store_remove: Operation<StoreRemoveArgs, StoreList>;
  store_set_key: Operation<StoreKeyArgs, StoreView>;
  store_forget_key: Operation<NoArgs, StoreView>;
  store_check_key: Operation<NoArgs, KeyCheck>;
  file_open: Operation<FileOpenArgs, StoreView>;
  settings_get: Operation<NoArgs, Settings>;
  settings_set: Operation<Settings, Settings>;
  sync_now: Operation<SyncNowArgs, Freshness>;
  window_focus: Operation<WindowFocusArgs, NoArgs>;
  overview: Operation<NoArgs, Overview>;
  funnel: Operation<FunnelArgs, Funnel>;
  preorder_page: Operation<PreorderPageArgs, PreorderPage>;
  search: Operation<SearchArgs, SearchReply>;
  preorder_sheet: Operation<SheetArgs, PreorderSheet>;
  raw_fact: Operation<RawFactArgs, RawFact>;
  event_page: Operation<EventPageArgs, EventPage>;
  health: Operation<NoArgs, Health>;
  webhooks: Operation<NoArgs, Webhooks>;
  mirror_verify: Operation<NoArgs, MirrorReport>;
  mirror_rebuild: Operation<NoArgs, MirrorReport>;
  mirror_backup: Operation<MirrorBackupArgs, MirrorReport>;
  export: Operation<ExportArgs, ExportReply>;
  plan_list: Operation<NoArgs, PlanList>;
  plan_catalogue: Operation<NoArgs, Catalogue>;
  plan_preview: Operation<PlanPreviewArgs, PlanPreview>;
  plan_set: Operation<PlanSetArgs, PlanPreview>;
  purchase_page: Operation<PurchasePageArgs, PurchasePage>;
  purchase_sheet: Operation<PurchaseSheetArgs, PurchaseSheet>;
  purchase_status: Operation<PurchaseStatusArgs, PurchaseAnswer>;
  wallet_page: Operation<WalletPageArgs, WalletPage>;
  wallet_sheet: Operation<WalletSheetArgs, WalletSheet>;
  wallet_adjust: Operation<WalletAdjustArgs, WalletSheet>;
  reconcile: Operation<ReconcileArgs, Reconciliation>;
  shell_open_sandbox: Operation<NoArgs, StoreView>;
  shell_pick_file: Operation<PickFileArgs, PickFileReply>;
  shell_open_url: Operation<{ url: string }, NoArgs>;
  shell_start: Operation<NoArgs, StartReply>;
};

export type OperationName = keyof Operations;
export type Args<N extends OperationName> = Operations[N]["args"];
export type Reply<N extends OperationName> = Operations[N]["reply"];
