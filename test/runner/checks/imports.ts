import { runProgram } from '@sluice/test-kit/program'
import { type Check, Failed } from '../check.ts'
import { CODE_FOLDERS, sourceFiles } from '../source-files.ts'
import { findFolderCircles } from './folder-circles.ts'

/** Part of dependency-cruiser's report that this check uses. */
interface Cruise {
  readonly modules: readonly {
    readonly source: string
    readonly dependencies: readonly { readonly resolved: string }[]
  }[]
  readonly summary: {
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string }
    }[]
  }
}

const FOLDERS = [...CODE_FOLDERS, 'bench', 'test']

/** Imports that certainly exist. If one of them is not found, dependency-cruiser has not read the code. */
const CERTAIN: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [/^packages\/runtime\/cloudevents\//, /^packages\/runtime\/consumer\//],
  [/^packages\/runtime\/pipeline\//, /^packages\/runtime\/cloudevents\//],
  [/^packages\/runtime\/adapters\//, /^packages\/runtime\/pipeline\//],
  [/^lib\/(alerting|analytics|activity|failures)\//, /^packages\/runtime\/consumer\//],
  [/^control\/queries\//, /^packages\/runtime\/operating\//],
  [/^control\/queries\//, /^lib\/(alerting|analytics|failures)\//],
  [/^lib\/app\//, /^packages\/runtime\/operating\//],
  [/^lib\/app\//, /^packages\/runtime\/functions\//],
  [/^packages\/runtime\/lambda\//, /^packages\/runtime\/adapters\/opentelemetry\//],
  [/^packages\/runtime\/lambda\//, /^packages\/runtime\/settings\//],
  [/^packages\/runtime\/settings\//, /node_modules\/valibot\//],
  [/^control\/diagnosis\//, /^control\/queries\//],
  [/^lib\/(clock|redriver)\//, /^lib\/app\//],
  [/^control\/operations\//, /^lib\/clock\//],
  [/^functions\//, /^lib\/app\//],
  [/^functions\//, /^lib\/(clock|redriver)\//],
  [/^infra\//, /^lib\/app\//],
  [/^infra\/roles\//, /^infra\/place\//],
  [/^infra\/plugins\//, /^infra\/roles\//],
  [/^cli\/operations[.]ts$/, /^cli\/servers\//],
  [/^localstack\//, /^infra\//],
  [/^(cli|console|localstack)\//, /^control\/diagnosis\//],
  [/^cli\//, /^lib\//],
  [/^cli\//, /^control\/queries\//],
  [/^cli\//, /^scripts\//],
  [/^control\/sql\//, /node_modules\/@duckdb\//],
  [/^cli\//, /^console\//],
  [/^console\/page\//, /^console\/api\//],
  [/^console\/api\//, /^console\/http\//],
  [/^console\/http\//, /^console\/cache[.]ts$/],
  [/^console\/access\//, /^console\/http\//],
  [/^console\//, /^lib\//],
  [/^scripts\//, /^packages\/runtime\/settings\//],
  [/^localstack\//, /^control\/queries\//],
  [/^localstack\//, /^scripts\//],
  [/^packages\/runtime\/adapters\/kafka\//, /node_modules\/kafkajs\//],
  [/^packages\/runtime\/adapters\/kafka\//, /^packages\/kafka-records\//],
  [/^packages\/msk-trigger\/[^/]+$/, /^packages\/msk-trigger\/deliver\//],
  [/^packages\/msk-trigger\/deliver\//, /^packages\/msk-trigger\/poll\//],
  [/^packages\/msk-trigger\/poll\//, /^packages\/msk-trigger\/config\//],
  [/^packages\/msk-trigger\//, /^packages\/kafka-records\//],
  [/^packages\/msk-trigger\/registry\//, /^packages\/schema-registry\//],
  [/^packages\/kafka-records\//, /node_modules\/hysnappy\//],
  [/^packages\/schema-registry\//, /node_modules\/avsc\//],
  [/^packages\/runtime\/adapters\/redis\//, /node_modules\/ioredis\//],
  [/^packages\/runtime\/sdk\//, /node_modules\/cloudevents\//],
  [/^packages\/runtime\/adapters\/aws\//, /node_modules\/@aws-sdk\//],
]

/** Checks imports with dependency-cruiser. The rules are in `test/runner/checks/import-rules.cjs`, and folders must not form circles. */
export const imports: Check = {
  name: 'import direction',
  async run(signal) {
    const own = await sourceFiles(`{${FOLDERS.join(',')}}/**/*.{ts,tsx,mjs,cjs}`, '*.cjs')
    const { modules, summary } = await cruise(own, signal)
    if (summary.violations.length > 0) throw new Failed(summary.violations.map(described).join('\n'))
    const pairs = modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => [source, resolved] as const),
    )
    const read = new Set(modules.map(({ source }) => source))
    const missed = own.filter(file => !read.has(file))
    const unseen = CERTAIN.filter(([from, to]) => !pairs.some(([a, b]) => from.test(a) && to.test(b)))
    if (missed.length > 0 || unseen.length > 0)
      throw new Failed(
        `dependency-cruiser missed ${missed.length} of ${own.length} files (${missed.join(', ')}) and saw no import ` +
          `${unseen.map(([from, to]) => `${from} → ${to}`).join(', ')}`,
      )
    const circles = findFolderCircles(pairs)
    if (circles.length > 0)
      throw new Failed(`imports in a circle of folders:\n${circles.map(pair => pair.join(' → ')).join('\n')}`)
    return `${own.length} files, ${pairs.length} imports`
  },
}

async function cruise(files: readonly string[], signal: AbortSignal): Promise<Cruise> {
  const args = ['--config', 'test/runner/checks/import-rules.cjs', '--output-type', 'json', ...files]
  // Use the output. The exit status is the number of findings, so it is also 0 if no files were read.
  const { stdout, output } = await runProgram('depcruise', args, { signal })
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Failed(output)
  }
}

function described({ rule, from, to }: Cruise['summary']['violations'][number]): string {
  return `${rule.name}: ${from} → ${to}`
}
