import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseMatch } from '../../../../console/page/alerts/silence-match.ts'

const NOTHING = { rule: '', severity: '', source: '', entity: '', labels: '' }

describe('the form of a silence', () => {
  it('given texts set apart by commas, then each is one of the match', () =>
    assert.deepEqual(
      parseMatch({ ...NOTHING, rule: 'HOT, LOW_* ,', entity: 's 1', labels: 'team=ops,team=dev, floor = 3' }),
      {
        match: { rule: ['HOT', 'LOW_*'], entity: ['s 1'], labels: { team: ['ops', 'dev'], floor: ['3'] } },
      },
    ))

  it('given nothing, then it matches nothing yet', () => assert.deepEqual(parseMatch(NOTHING), { match: {} }))

  for (const labels of ['team', '=ops', 'team='])
    it(`given ${labels} as a label, then it says what is missing`, () =>
      assert.match(parseMatch({ ...NOTHING, labels }).problem ?? '', /name and a value/))
})
