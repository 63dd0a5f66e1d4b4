/**
 * Generates docs/api from the entry points of the packages: `npm run api`. Each page begins with a program of examples/api, which a
 * test runs. With `--check`, writes nothing and fails if a page is out of date or an export has no docstring.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  API,
  type Symbol as ExportedSymbol,
  ModifierFlags,
  type Project,
  SymbolFlags,
} from 'typescript/unstable/sync'

const PROJECT = resolve(import.meta.dirname, '..')

/**
 * Folders of the packages. Each entry point of a published package has a page. A private package has one page, which omits types.
 */
const PACKAGES = ['packages/runtime', 'packages/kafka-records', 'packages/schema-registry']

interface Entry {
  /** Module name that imports use. */
  readonly module: string
  readonly file: string
  readonly isPrivate: boolean
}

/** Pages by file name without extension, which is also the file name of the example. */
type Pages = Readonly<Record<string, readonly Entry[]>>

export const PAGES: Pages = Object.fromEntries(PACKAGES.flatMap(pagesOf))

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: string | Readonly<Record<string, string | { readonly default: string }>>
}

function pagesOf(folder: string): readonly (readonly [string, readonly Entry[]])[] {
  const manifest: Manifest = JSON.parse(readFileSync(join(PROJECT, folder, 'package.json'), 'utf8'))
  const { name, exports } = manifest
  const entries = Object.entries(typeof exports === 'string' ? { '.': exports } : exports)
    .map(([path, to]) => ({
      module: path.replace('.', name),
      file: join(PROJECT, folder, sourceOf(to)),
      isPrivate: manifest.private === true,
    }))
    .filter(({ file }) => file.endsWith('.ts'))
  const pageName = (module: string) => module.replace('@sluice/', '').replaceAll('/', '-')
  if (manifest.private) return [[pageName(name), entries]]
  return entries.map(entry => [pageName(entry.module), [entry]] as const)
}

function sourceOf(target: string | { readonly default: string }): string {
  return typeof target === 'string' ? target : target.default.replace('/dist/', '/').replace(/\.js$/, '.ts')
}

/** An exported declaration with the name of its export. */
interface Export {
  readonly name: string
  readonly symbol: ExportedSymbol
  readonly doc: string
  readonly declarations: readonly Node[]
}

function exportsOf(project: Project, { module, file }: Entry): Export[] {
  const { program, checker } = project
  const source = program.getSourceFile(file)
  const symbol = source && checker.getSymbolAtLocation(source)
  if (!symbol) throw new Error(`${module}: ${file} is not a module`)
  return checker.getExportsOfModule(symbol).map(exported => {
    const symbol = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    return {
      name: exported.name,
      symbol,
      doc: checker.getDocumentationCommentOfSymbol(symbol),
      declarations: symbol.declarations.flatMap(one => one.resolve(project) ?? []),
    }
  })
}

/** Returns the text of each page by file name, and the exports without a docstring. */
function written(project: Project): {
  readonly pages: ReadonlyMap<string, string>
  readonly undocumented: readonly string[]
} {
  const undocumented = new Set<string>()
  const described = new Map<number, Described>()
  const pages = new Map<string, string>()
  // Write `@sluice/runtime` last, because it also exports declarations of other entry points.
  for (const [page, entries] of Object.entries(PAGES).toReversed()) {
    const sections = entries.flatMap(entry => {
      const all = exportsOf(project, entry)
      for (const { name, doc } of all)
        if (doc === '') undocumented.add(`${entry.module}: ${name} has no docstring`)
      const own = all.filter(({ symbol }) => !described.has(symbol.id))
      const elsewhere = Map.groupBy(
        all.filter(one => !own.includes(one)),
        ({ symbol }) => described.get(symbol.id)?.page ?? '',
      )
      const also = [...elsewhere].map(([other, exported]) => seeOther(other, exported, described))
      for (const { name, symbol } of own) described.set(symbol.id, { page, name })
      return [
        ...(entries.length > 1 ? [`## \`${entry.module}\``] : []),
        ...also,
        ...listsOf(own, project, entry),
      ]
    })
    pages.set(page, `${[headOf(page, entries), ...sections].join('\n\n')}\n`)
  }
  return { pages, undocumented: [...undocumented] }
}

/** Page that describes an export, and the name of the export on this page. */
interface Described {
  readonly page: string
  readonly name: string
}

/**
 * Returns a sentence that lists the exports of an entry which another page describes. If it is shorter, the sentence lists the
 * exceptions instead.
 */
function seeOther(
  page: string,
  exported: readonly Export[],
  described: ReadonlyMap<number, Described>,
): string {
  const listed = (names: readonly string[]) =>
    names
      .toSorted((a, b) => a.localeCompare(b, 'en'))
      .map(code)
      .join(', ')
  const names = exported.map(({ name }) => name)
  const others = [...described.values()].filter(one => one.page === page && !names.includes(one.name))
  const link = `[${page}](${page}.md)`
  if (others.length >= names.length) return `On the page ${link}: ${listed(names)}.`
  const except = others.length === 0 ? '' : `, except ${listed(others.map(({ name }) => name))}`
  return `Also all exports of ${link}${except}.`
}

function headOf(page: string, [first]: readonly Entry[]): string {
  const example = readFileSync(join(PROJECT, 'examples', 'api', `${page}.ts`), 'utf8')
  const note = first?.isPrivate ? '\n\nAn editor shows the types.' : ''
  return `# \`${first?.module}\`

<!-- Written by \`npm run api\` from the code. Changes made here are lost. -->

\`\`\`ts
${example.trim()}
\`\`\`${note}`
}

/** Returns the lists of functions and constants, classes, and types, each in alphabetical order. */
function listsOf(exported: readonly Export[], project: Project, { isPrivate }: Entry): string[] {
  const sorted = exported.toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
  const kindOf = ({ symbol: { flags } }: Export) =>
    flags & (SymbolFlags.Function | SymbolFlags.Variable) ? 0 : flags & SymbolFlags.Class ? 1 : 2
  const texts = new Texts(project)
  const kinds = isPrivate ? [0, 1] : [0, 1, 2]
  return kinds.flatMap(kind => {
    const lines = sorted.filter(one => kindOf(one) === kind).flatMap(one => texts.lines(one))
    return lines.length > 0 ? [lines.join('\n')] : []
  })
}

/** Maximum length of a type that is shown after a name. */
const MAX_TYPE = 60

/** Parts of a declaration that the pages show. */
interface Declaration extends Node {
  readonly name?: Node
  readonly modifierFlags?: ModifierFlags
  readonly questionToken?: Node
  /** Question mark after the name of an optional member. */
  readonly postfixToken?: Node
  readonly dotDotDotToken?: Node
  readonly parameters?: readonly Declaration[]
  readonly type?: Node
  readonly initializer?: Node
  readonly body?: Node
  readonly heritageClauses?: readonly Node[]
  readonly members?: readonly Declaration[]
}

class Texts {
  readonly #checker: Project['checker']

  constructor({ checker }: Project) {
    this.#checker = checker
  }

  /**
   * Returns the list item for an export: its declaration and members in one line. The documented members of a class follow in lines
   * of their own.
   */
  lines({ name, symbol, doc, declarations }: Export): string[] {
    const [first, ...others] = withoutImplementation(declarations as readonly Declaration[])
    if (!first) throw new Error(`${name} is not declared`)
    const about = this.#about(doc, symbol)
    if (symbol.flags & (SymbolFlags.Function | SymbolFlags.Variable))
      return [
        `- ${code(this.#signature(first))}${about}`,
        ...others.map(other => `- ${code(this.#signature(other))}`),
      ]
    const heritage = first.heritageClauses?.map(clause => ` ${oneLine(clause.getText())}`) ?? []
    const value = oneLine(first.type?.getText() ?? '').replace(/^\| /, '')
    const alias = first.members || value.length > MAX_TYPE ? '' : ` = ${value}`
    const head = `- ${code(`${name}${heritage.join('')}${alias}`)}${about}`
    const members = (first.members ?? []).filter(isPublic)
    const isClass = symbol.flags & SymbolFlags.Class
    const names = isClass ? this.#constructors(name, members) : members.map(memberName)
    const inline = names.filter(text => text !== '').map(code)
    const line = inline.length > 0 ? `${head}${about === '' ? ':' : ''} ${inline.join(', ')}` : head
    return isClass ? [line, ...this.#classMembers(members)] : [line]
  }

  #constructors(name: string, members: readonly Declaration[]): string[] {
    return withoutImplementation(members)
      .filter(member => !this.#symbolOf(member))
      .map(member => `new ${name}${this.#signature(member)}`)
  }

  #symbolOf({ name }: Declaration): ExportedSymbol | undefined {
    return name && this.#checker.getSymbolAtLocation(name)
  }

  /** Returns one line for each member of a class that has a docstring. The interface of the class documents the other members. */
  #classMembers(members: readonly Declaration[]): string[] {
    return withoutImplementation(members).flatMap(member => {
      const symbol = this.#symbolOf(member)
      if (!symbol) return []
      const doc = this.#checker.getDocumentationCommentOfSymbol(symbol)
      return doc === '' ? [] : [`  - ${code(this.#signature(member))}${this.#about(doc, symbol)}`]
    })
  }

  /** Returns the first sentence of a docstring and the errors. */
  #about(doc: string, symbol: ExportedSymbol): string {
    const [sentence = doc] = /^.*?[.:;](?=\s|$)/s.exec(doc) ?? []
    const errors = this.#checker
      .getJsDocTagsOfSymbol(symbol)
      .flatMap(({ name, text }) => (name === 'throws' ? [` Throws: ${joined(String(text))}.`] : []))
    const about = `${joined(sentence).replace(/[.:;]$/, '.')}${[...new Set(errors)].join('')}`
    return about === '' ? '' : `: ${about}`
  }

  /**
   * Returns the name of a function or member with the names of its parameters, and its type if that is short. Editors show the full
   * types.
   */
  #signature(declaration: Declaration): string {
    const { parameters } = declaration
    const call = parameters && !isGetter(declaration) ? `(${parameters.map(parameterName).join(', ')})` : ''
    const type = this.#type(declaration)
    return `${nameOf(declaration)}${call}${type === '' || type.length > MAX_TYPE ? '' : `: ${type}`}`
  }

  #type({ name, type, kind }: Declaration): string {
    if (type) return oneLine(type.getText())
    if (!name || kind === SyntaxKind.Constructor) return ''
    const inferred = this.#checker.getTypeAtLocation(name)
    return inferred ? oneLine(this.#checker.typeToString(inferred)) : ''
  }
}

/** Returns the name of a declaration, with a question mark if the declaration is optional. */
function nameOf({ name, questionToken, postfixToken }: Declaration): string {
  return `${name?.getText() ?? ''}${(questionToken ?? postfixToken) ? '?' : ''}`
}

function parameterName(parameter: Declaration): string {
  const { name, dotDotDotToken, initializer } = parameter
  if (name?.getText().startsWith('{')) return 'options'
  return `${dotDotDotToken ? '...' : ''}${nameOf(parameter)}${initializer ? '?' : ''}`
}

function isPublic({ name, modifierFlags = 0 }: Declaration): boolean {
  return !name?.getText().startsWith('#') && (modifierFlags & ModifierFlags.Private) === 0
}

/** Returns the name of a member of a type. Methods and optional members are marked. */
function memberName(member: Declaration): string {
  return member.name ? `${nameOf(member)}${member.parameters ? '()' : ''}` : ''
}

function isGetter({ kind }: Declaration): boolean {
  return kind === SyntaxKind.GetAccessor
}

/** Returns the declarations without the implementation of an overloaded function, which callers do not see. */
function withoutImplementation(declarations: readonly Declaration[]): readonly Declaration[] {
  const named = Map.groupBy(declarations, ({ name }) => name?.getText())
  return [...named.values()].flatMap(all => {
    const overloads = all.filter(({ body }) => !body)
    return overloads.length > 0 ? overloads : all
  })
}

const COMMENT = /\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms

function joined(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}

/** Formats a type as one line, without comments and without the prefixes of names. */
function oneLine(text: string): string {
  const separated = text
    .replaceAll(COMMENT, '')
    .replaceAll(/\breadonly (?=[\w'"(])/g, '')
    .replaceAll(/(?<=[\w\])}>'"]) *\n\s*(?=\w+[(?:])/g, '; ')
  return joined(separated).replaceAll(/(?<=[([<]) |,? (?=[)\]>](?!=))/g, '')
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``
}

function main(check: boolean): void {
  const api = new API({ cwd: PROJECT })
  try {
    const config = join(PROJECT, 'tsconfig.json')
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    if (!project) throw new Error(`${config} cannot be opened`)
    const { pages, undocumented } = written(project)
    const folder = join(PROJECT, 'docs', 'api')
    mkdirSync(folder, { recursive: true })
    const errors = [...undocumented]
    for (const [name, text] of pages) {
      const file = join(folder, `${name}.md`)
      if (!check) writeFileSync(file, text)
      else if (readFileSync(file, 'utf8') !== text)
        errors.push(`${relative(PROJECT, file)} is out of date. Run \`npm run api\``)
    }
    for (const error of errors) console.error(error)
    if (errors.length > 0) process.exitCode = 1
  } finally {
    api.close()
  }
}

if (import.meta.main) main(process.argv.includes('--check'))
