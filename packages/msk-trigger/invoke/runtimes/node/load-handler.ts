import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Handler, refuseCallback } from './call-handler.ts'
import { explainLoadError } from './node-releases.ts'
import { RuntimeFailure } from './reported-error.ts'
import type { ThreadData } from './thread-messages.ts'

/** Modules of the TypeScript loader tsx, on which serverless-offline depends. */
const LOADER = { ofCommonJs: 'tsx/cjs/api', ofModules: 'tsx/esm/api' }

type HandlerLocation = Pick<ThreadData, 'handler' | 'runtime' | 'folder' | 'layers' | 'loaderFrom'>

/**
 * Loads the handler `a/b.c.d`, which is `d` of the export `c` of the module `a/b`.
 *
 * @throws RuntimeFailure, or the error of the module
 */
export async function loadHandler(place: HandlerLocation): Promise<Handler> {
  place.layers.forEach(loadFromLayer)
  const { modulePath, exported } = parseHandlerName(place.handler)
  const module = await loadModule(modulePath, place).catch(error => {
    throw translateError(error, place.runtime)
  })
  const handler = requireHandler(module, exported, place.handler)
  refuseCallback(handler, place.runtime)
  return handler
}

/**
 * Makes the modules of a layer loadable as in Lambda: by a path in `/opt`, and by name also with `import`, for which Node.js does
 * not search `NODE_PATH`.
 */
function loadFromLayer(layer: string): void {
  const parentURL = pathToFileURL(join(layer, 'nodejs', 'layer')).href
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context)
      } catch (error) {
        const [, inOpt] = /^(?:file:\/\/)?\/opt\/(.+)/.exec(specifier) ?? []
        try {
          return inOpt ? next(join(layer, inOpt), context) : next(specifier, { ...context, parentURL })
        } catch {
          throw error
        }
      }
    },
  })
}

function parseHandlerName(handler: string) {
  if (handler.includes('..')) {
    const why = `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`
    throw new RuntimeFailure('Runtime.MalformedHandlerName', why)
  }
  const name = basename(handler)
  const dot = name.indexOf('.')
  if (dot < 0) throw new RuntimeFailure('Runtime.MalformedHandlerName', 'Bad handler')
  const modulePath = join(dirname(handler), name.slice(0, dot))
  return { modulePath, exported: name.slice(dot + 1).split('.') }
}

/** Returns the file of a module; undefined if there is none. @param path absolute path without an extension */
export function findModuleFile(path: string): string | undefined {
  return ['', '.js', '.mjs', '.cjs', '.ts', '.mts'].map(extension => `${path}${extension}`).find(isFile)
}

/** @param name path of the module without an extension, relative to the folder of the function */
async function loadModule(name: string, { folder, loaderFrom }: HandlerLocation): Promise<unknown> {
  const path = resolve(folder, name)
  const require = createRequire(join(folder, 'package.json'))
  const isModule = readPackageType(dirname(path)) === 'module'
  const file = findModuleFile(path)
  if (file?.endsWith('.ts')) return loadTypeScript(file, isModule, loaderFrom)
  // As in Lambda, a file that is CommonJS is not imported: it would have other exports.
  if (file?.endsWith('.cjs') || (file?.endsWith('.js') && !isModule)) return require(file)
  if (file !== undefined && file !== path) return import(pathToFileURL(file).href)
  if (existsSync(path)) return require(path)
  try {
    // `require.resolve` would not search layers, because Node.js 22 resolves without the hooks there.
    return require(name)
  } catch (error) {
    const problem = `Cannot find module '${name}'`
    if (!`${(error as Error).message}`.startsWith(problem)) throw error
    const details = [`(there is no ${path} with .js, .mjs, .cjs, .ts or .mts)`]
    throw new RuntimeFailure('Runtime.ImportModuleError', `Error: ${problem}`, details)
  }
}

/**
 * Loads TypeScript with the loader of serverless-offline, so that the trigger and serverless-offline run the same code. Without
 * that loader, Node.js strips the types.
 */
async function loadTypeScript(
  file: string,
  isModule: boolean,
  loaderFrom: string | undefined,
): Promise<unknown> {
  if (loaderFrom === undefined) return import(pathToFileURL(file).href)
  const require = createRequire(loaderFrom)
  if (!isModule) return require(LOADER.ofCommonJs).require(file, file)
  // Not the CommonJS module: its `register` does not find its own files on Node.js 22.18.
  const loader = require.resolve(LOADER.ofModules).replace(/\.cjs$/, '.mjs')
  const { register } = await import(pathToFileURL(loader).href)
  register()
  return import(pathToFileURL(file).href)
}

/**
 * Returns the exported handler. The default export is searched as well, because it contains the exports of an imported CommonJS
 * module.
 */
function requireHandler(module: unknown, exported: readonly string[], name: string): Handler {
  const handler =
    getMember(module, exported) || getMember((module as { default?: unknown })?.default, exported)
  if (!handler) throw new RuntimeFailure('Runtime.HandlerNotFound', `${name} is undefined or not exported`)
  if (typeof handler !== 'function')
    throw new RuntimeFailure('Runtime.HandlerNotFound', `${name} is not a function`)
  return handler as Handler
}

function getMember(object: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>((nested, name) => nested && (nested as Record<string, unknown>)[name], object)
}

/** Returns the `type` in the nearest package.json. The search ends at a folder named `node_modules`. */
function readPackageType(folder: string): unknown {
  if (basename(folder) === 'node_modules') return undefined
  const file = join(folder, 'package.json')
  if (existsSync(file)) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))?.type
    } catch {
      // As in Lambda, files next to an unreadable package.json are not ES modules.
      return undefined
    }
  }
  const parent = dirname(folder)
  return parent === folder ? undefined : readPackageType(parent)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Replaces errors for which Lambda uses specific names. The new error contains the stack of the original error. */
function translateError(error: unknown, runtime: string): unknown {
  if (!(error instanceof Error)) return error
  const hint = explainLoadError(error, runtime)
  if (hint) error.stack += `\n(${hint})`
  const details = `${error.stack}`.split('\n')
  if (error instanceof SyntaxError)
    return new RuntimeFailure('Runtime.UserCodeSyntaxError', String(error), details)
  if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND')
    return new RuntimeFailure('Runtime.ImportModuleError', String(error), details)
  return error
}
