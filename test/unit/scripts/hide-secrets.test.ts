import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { hideSecrets } from '../../../scripts/hide-secrets.mjs'

const SECRET = 'Endpoint=sb://ns/;SharedAccessKeyName=n;SharedAccessKey=k=='

describe('secrets among the arguments', () => {
  const title = process.title
  afterEach(() => {
    process.title = title
  })

  const cases: [args: string[], shown: string[], variable: string | undefined][] = [
    [['consume', '--json'], ['consume', '--json'], undefined],
    [
      ['consume', '--event-hubs-conn-str', SECRET, '--json'],
      ['consume', '--event-hubs-conn-str', '$EVENT_HUBS_CONN_STR', '--json'],
      SECRET,
    ],
    [[`--event-hubs-conn-str=${SECRET}`], ['--event-hubs-conn-str=$EVENT_HUBS_CONN_STR'], SECRET],
    [['--event-hubs-conn-str', '$MINE'], ['--event-hubs-conn-str', '$MINE'], undefined],
    [['--event-hubs-conn-str'], ['--event-hubs-conn-str'], undefined],
  ]
  for (const [args, shown, variable] of cases)
    it(`given ${args.join(' ').replace(SECRET, 'SECRET')}, then no argument holds one`, () => {
      const environment: NodeJS.ProcessEnv = {}
      assert.deepEqual(hideSecrets(args, environment), shown)
      assert.equal(environment.EVENT_HUBS_CONN_STR, variable)
      assert.equal(process.title, variable === undefined ? title : 'sluice')
    })
})
