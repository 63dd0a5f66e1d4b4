/** A folder of a feature, a room of a package, a group of commands. A file that lies beside them is of any height. */
const FOLDER = /^(packages\/[^/]+|lib|control|cli|console|infra|localstack|scripts)\/[^/]+(?=\/)/

type Import = readonly [from: string, to: string]

/**
 * Returns the imports through which a folder depends on itself by way of others. Circles of files are found by dependency-cruiser;
 * a circle of folders can consist of files that form none.
 */
export function findFolderCircles(imports: readonly Import[]): readonly Import[] {
  const crossing = imports.flatMap(([file, imported]) => {
    const [from] = FOLDER.exec(file) ?? []
    const [to] = FOLDER.exec(imported) ?? []
    return from && to && from !== to ? [{ from, to, files: [file, imported] as const }] : []
  })
  const uses = new Map<string, Set<string>>()
  for (const { from, to } of crossing) uses.set(from, (uses.get(from) ?? new Set()).add(to))
  const reached = (start: string): ReadonlySet<string> => {
    const found = new Set([start])
    for (const folder of found) for (const next of uses.get(folder) ?? []) found.add(next)
    return found
  }
  return crossing.filter(({ from, to }) => reached(to).has(from)).map(({ files }) => files)
}
