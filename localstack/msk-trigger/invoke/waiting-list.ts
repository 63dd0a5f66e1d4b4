/** What waits, in the order in which it came. */
export class WaitingList<Item extends { readonly sinceMs: number }> {
  readonly #items: Item[] = []

  get first(): Item | undefined {
    return this.#items[0]
  }

  /** As they are now, also while they are added and removed. */
  get all(): readonly Item[] {
    return [...this.#items]
  }

  /** Behind all that have waited as long, unless it is here. */
  add(item: Item): void {
    if (this.#items.includes(item)) return
    const later = this.#items.findIndex(({ sinceMs }) => sinceMs > item.sinceMs)
    this.#items.splice(later < 0 ? this.#items.length : later, 0, item)
  }

  remove(item: Item): void {
    const index = this.#items.indexOf(item)
    if (index >= 0) this.#items.splice(index, 1)
  }
}
