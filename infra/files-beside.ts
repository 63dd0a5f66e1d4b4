/**
 * Finds files that code starts at run time instead of importing them, such as a worker thread or a Python script. All compiled code is in
 * one flat folder, so a TypeScript file has different names before and after compilation:
 *
 *     new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js', import.meta.url)
 *
 *     new URL('./runner.py', import.meta.url)
 */
import { join } from 'node:path'

const TWO_NAMES =
  /new URL\(\s*import\.meta\.url\.endsWith\('\.ts'\)\s*\?\s*'([^']+)'\s*:\s*'\.\/([^'/]+)',\s*import\.meta\.url,?\s*\)/g
/** References to files that are not compiled and keep their names. */
const ONE_NAME = /new URL\(\s*'\.\/([^'/]+(?<!\.[jt]s))',\s*import\.meta\.url,?\s*\)/g
/** Allowed uses of `import.meta`: the folder of the code itself, and packages that are resolved from there. */
const HARMLESS =
  /new URL\('\.', import\.meta\.url\)|createRequire\(import\.meta\.url\)|import\.meta\.resolve\('[^'./][^']*'\)/g
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** A file that is started at run time. */
export interface FileBeside {
  /** Path of the source, in the same form as the path of the referring file. */
  readonly source: string
  /** Name in the folder of the compiled code. */
  readonly name: string
}

/**
 * Returns the files that a source starts at run time.
 *
 * @param path path of the source
 * @param code text of the source
 * @throws Error for other uses of `import.meta`, which would break after compilation
 */
export function filesBeside(path: string, code: string): FileBeside[] {
  const text = code.replace(COMMENTS, '').replace(HARMLESS, '')
  if (text.replace(TWO_NAMES, '').replace(ONE_NAME, '').includes('import.meta'))
    throw new Error(
      `${path} uses import.meta, which refers to another file after compilation. Use a form that infra/files-beside.ts supports`,
    )
  const found = [
    ...[...text.matchAll(TWO_NAMES)].map(([, source = '', name = '']) => ({ source, name })),
    ...[...text.matchAll(ONE_NAME)].map(([, name = '']) => ({ source: name, name })),
  ]
  return found.map(({ source, name }) => ({ source: join(path, '..', source), name }))
}
