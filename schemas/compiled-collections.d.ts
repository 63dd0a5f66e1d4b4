/** CloudEvents type → the lists and maps that its data always has: the path, with `*` for each item, and what is there if it is empty. */
declare const collections: Readonly<
  Record<string, readonly (readonly [path: readonly string[], empty: unknown])[]>
>
export default collections
