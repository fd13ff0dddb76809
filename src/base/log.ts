/** Where a person reads along. Lines are trusted text; `quote` is for text that others wrote. */
export interface Log {
  /** Begins a foldable group; the one before ends. */
  group(title: string): void
  endGroup(): void
  line(text: string): void
  warning(text: string): void
  error(text: string): void
  /** Prints text from pods, events, metrics or commits so that the runner cannot take it for a command. */
  quote(text: string): void
}
