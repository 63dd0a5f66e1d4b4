import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSync } from '@swc/core'
import { load } from 'js-yaml'
import { check as recheck } from 'recheck'
import recheckPackage from 'recheck/package.json' with { type: 'json' }
import { LOCAL, PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

/** A regular expression of the product, or a place that makes one from computed text. */
export interface Found {
  readonly file: string
  /** Text in the source. In a JSON Schema, the pattern between slashes. */
  readonly expression: string
  /** Undefined for computed text. */
  readonly pattern?: { readonly source: string; readonly flags: string }
}

interface Excused extends Pick<Found, 'file' | 'expression'> {
  readonly reason: string
}

const CODE =
  '{cli,console,control,events,functions,infra,lib,localstack,packages,scripts}/**/*.{ts,tsx,mjs,cjs}'
/** Programs that read only files of this project. */
const OWN_READERS = /^(?:events|scripts)\/|^infra\/(?:packaging|pages)\/|^cli\/commands-page\.ts$/
const SCHEMAS = '{config,events}/schemas/**/*.json'
const EXCUSED = 'test/runner/checks/excused-expressions.yaml'

/** Results of the last run that passed. Each analysis starts a program, so the next run analyses new expressions only. */
const KEPT = join(LOCAL, `expressions-${recheckPackage.version}.json`)

/** Time limit for the analysis of an expression, in milliseconds. Most take a few, some take seconds. */
const ANALYSIS_MS = 300_000

/** Checks with recheck that the time of each expression of the product grows linearly with the text, unless it is excused. */
export const expressions: Check = {
  name: 'regular expressions',
  async run() {
    const files = (await sourceFiles(CODE)).filter(
      file => !/(^|\/)test\/|\.d\.m?ts$/.test(file) && !OWN_READERS.test(file),
    )
    const found = [
      ...(await Promise.all(files.map(async file => listExpressions(file, await getSource(file))))).flat(),
      ...(await Promise.all((await sourceFiles(SCHEMAS)).map(schemaExpressions))).flat(),
    ]
    if (
      !found.some(finding => finding.file.startsWith('lib/')) ||
      !found.some(finding => finding.file.endsWith('.json'))
    )
      throw new Failed('no regular expression was found')
    const excused = load(await getSource(EXCUSED)) as readonly Excused[]
    const kept = JSON.parse(await readFile(KEPT, 'utf8').catch(() => '[]'))
    for (const [key, problem] of kept) problems.set(key, problem ?? undefined)
    const findings = await findingsAmong(found, excused)
    if (findings.length > 0)
      throw new Failed(
        `${findings.join('\n')}\nRewrite the expression, or bound the text first and excuse it in ${EXCUSED}.`,
      )
    await mkdir(LOCAL, { recursive: true })
    await writeFile(KEPT, JSON.stringify([...problems]))
    return `${found.length} expressions, ${excused.length} excused`
  },
}

/** Returns a line for each expression that is slow and not excused, and for each excuse without such an expression. */
export async function findingsAmong(found: readonly Found[], excused: readonly Excused[]): Promise<string[]> {
  const slow: (Found & { readonly problem: string })[] = []
  for (const finding of found) {
    const problem = finding.pattern ? await findProblem(finding.pattern) : 'is made from computed text'
    if (problem !== undefined) slow.push({ ...finding, problem })
  }
  const isSame = (a: Pick<Found, 'file' | 'expression'>) => (b: Pick<Found, 'file' | 'expression'>) =>
    a.file === b.file && a.expression === b.expression
  return [
    ...slow
      .filter(value => !excused.some(isSame(value)))
      .map(({ file, expression, problem }) => `${file}: ${expression} ${problem}`),
    ...excused
      .filter(excused => excused.reason.trim() === '' || !slow.some(isSame(excused)))
      .map(({ file, expression }) => `${file}: ${expression} is excused, but not slow, or without a reason`),
  ]
}

const problems = new Map<string, string | undefined>()

async function findProblem(pattern: { source: string; flags: string }): Promise<string | undefined> {
  const { source, flags } = pattern
  if (isBounded(source)) return undefined
  const key = `${flags}/${source}`
  // Steps of the analysis have limits of time, so on a busy machine it can take a fast expression for a slow one.
  if (!problems.has(key)) problems.set(key, (await analyse(pattern)) && (await analyse(pattern)))
  return problems.get(key)
}

/**
 * Analyses an expression in the program of this platform, or else in JavaScript, which takes ten times as long. Returns its problem;
 * undefined if it has none.
 */
async function analyse({ source, flags }: { source: string; flags: string }): Promise<string | undefined> {
  const { status, ...diagnosis } = await recheck(source, flags, { timeout: ANALYSIS_MS, maxIteration: 3 })
  const summary = 'complexity' in diagnosis ? diagnosis.complexity?.summary : diagnosis.error?.kind
  return status === 'safe' ? undefined : `is ${status}: ${summary}`
}

/** Returns whether nothing in an expression repeats without a limit. The analysis of such an expression is slow. */
function isBounded(source: string): boolean {
  const plain = source.replaceAll(/\\./gs, 'e').replaceAll(/\[[^\]]*\]/g, 'c')
  return !/[*+]|\{\d+,\}/.test(plain)
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string }

/** Returns the regular expressions of a source file. */
export function listExpressions(file: string, source: string): Found[] {
  const isTypeScript = /\.tsx?$/.test(file)
  const tree = parseSync(source, {
    ...(isTypeScript
      ? { syntax: 'typescript', tsx: file.endsWith('x') }
      : { syntax: 'ecmascript', jsx: file.endsWith('x') }),
    target: 'es2024',
  })
  return listNodes(tree).flatMap(node => {
    if (node.type === 'RegExpLiteral') {
      const pattern = { source: node.pattern as string, flags: (node.flags ?? '') as string }
      return [{ file, expression: `/${pattern.source}/${pattern.flags}`, pattern }]
    }
    const callee = node.callee as Node | undefined
    if (!/^(New|Call)Expression$/.test(node.type) || callee?.value !== 'RegExp') return []
    const [text, flags] = (node.arguments ?? []) as readonly { readonly expression: Node }[]
    if (text?.expression.type !== 'StringLiteral')
      return [{ file, expression: computedText(text?.expression) }]
    const pattern = {
      source: text.expression.value as string,
      flags: (flags?.expression.value ?? '') as string,
    }
    return [{ file, expression: `/${pattern.source}/${pattern.flags}`, pattern }]
  })
}

/** Returns the fixed parts of a template, or the name of a variable. */
function computedText(text: Node | undefined): string {
  const parts = (text?.quasis as readonly { readonly raw: string }[] | undefined)?.map(({ raw }) => raw)
  return `RegExp(${parts?.join('…') ?? text?.value ?? '…'})`
}

/** Returns all nodes of a syntax tree. */
function listNodes(tree: unknown): Node[] {
  if (Array.isArray(tree)) return tree.flatMap(listNodes)
  if (typeof tree !== 'object' || tree === null) return []
  const below = Object.values(tree).flatMap(listNodes)
  return 'type' in tree ? [tree as Node, ...below] : below
}

/** Returns the patterns of a JSON Schema. Validators compile them with the flag `u`. */
async function schemaExpressions(file: string): Promise<Found[]> {
  const found: Found[] = []
  JSON.parse(await getSource(file), (key, value) => {
    if (key === 'pattern' && typeof value === 'string')
      found.push({ file, expression: `/${value}/u`, pattern: { source: value, flags: 'u' } })
    return value
  })
  return found
}

function getSource(file: string): Promise<string> {
  return readFile(join(PROJECT, file), 'utf8')
}
