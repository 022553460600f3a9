/** What `kernel:distro:sys` is asked and answers, as JSON (spec/kernel.md §3.3). */
import { CapabilityList, CapabilityShape, OnExit, ProcessIdText } from "./config.ts";
import { boolean, count, object, type Of, optional, string, tagged, unit } from "./serde.ts";

const Grant = object({ target: ProcessIdText, capabilities: CapabilityList });

export const kernelPrints = {
  ProcessMap: unit,
  Process: ProcessIdText,
  HasCap: object({ on: ProcessIdText, cap: CapabilityShape }),
};

export const kernelCommands = {
  Booted: unit,
  InitializeProcess: object({
    id: ProcessIdText,
    wasm_bytes_handle: string,
    wit_version: optional(count),
    on_exit: OnExit,
    initial_capabilities: CapabilityList,
    public: boolean,
  }),
  KillProcess: ProcessIdText,
  RunProcess: ProcessIdText,
  GrantCapabilities: Grant,
  DropCapabilities: Grant,
  SetOnExit: object({ target: ProcessIdText, on_exit: OnExit }),
  Shutdown: unit,
  Debug: tagged(kernelPrints),
};
export const KernelCommand = tagged(kernelCommands);
export type KernelCommand = Of<typeof KernelCommand>;

/** One process as Debug shows it: Kinode's fields, and its state, which Kinode has not. */
export interface ProcessShown {
  wasm_bytes_handle: string;
  wit_version: number | null;
  on_exit: OnExit;
  capabilities: { issuer: string; params: string }[];
  public: boolean;
  state: "initialised" | "running" | "restarting" | "asleep";
}

/**
 * Kinode answers only some commands; we answer all of them, those it leaves unanswered by the last four words
 * here (an extension).
 */
export type KernelResponse =
  | "InitializedProcess"
  | "InitializeProcessError"
  | "StartedProcess"
  | "RunProcessError"
  | { KilledProcess: string }
  | {
    Debug: { ProcessMap: Record<string, ProcessShown> } | { Process: ProcessShown | null } | {
      HasCap: boolean | null;
    };
  }
  | "Done"
  | { NoSuchProcess: string }
  | { NotPermitted: string }
  | { MalformedCommand: string };
