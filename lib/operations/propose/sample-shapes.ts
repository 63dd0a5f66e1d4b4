/** Groups sample records by the names of their fields. Pure. */

/** Records with about the same fields. */
export interface Shape<Item> {
  /** Names that at least one of the records has. */
  readonly names: readonly string[]
  readonly items: readonly Item[]
}

/** Share of the smaller set of names that two records of one shape have in common, from 0 to 1. */
const SAME_SHAPE = 0.6

/**
 * Returns the shapes of records, the most frequent first. Records that have most of their fields in common are of one shape,
 * because a field can be optional.
 *
 * @param namesIn names of the fields of a record
 */
export function groupByShape<Item>(
  items: readonly Item[],
  namesIn: (item: Item) => readonly string[],
): readonly Shape<Item>[] {
  const byNames = Map.groupBy(items, item => JSON.stringify(namesIn(item).toSorted()))
  const shapes: { readonly names: Set<string>; readonly items: Set<Item> }[] = []
  for (const alike of [...byNames.values()].toSorted((a, b) => b.length - a.length)) {
    const names = namesIn(alike[0] as Item)
    const found = shapes.find(one => isAlike(names, one.names))
    const shape = found ?? { names: new Set(names), items: new Set(alike) }
    if (found === undefined) shapes.push(shape)
    for (const name of names) shape.names.add(name)
    for (const item of alike) shape.items.add(item)
  }
  return shapes
    .map(({ names, items: own }) => ({ names: [...names], items: items.filter(item => own.has(item)) }))
    .toSorted((a, b) => b.items.length - a.items.length)
}

function isAlike(names: readonly string[], of: ReadonlySet<string>): boolean {
  const common = names.filter(name => of.has(name)).length
  return common >= SAME_SHAPE * Math.min(names.length, of.size)
}
