import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkRules, errorLine } from '../../../../lib/alerting/check-rules.ts'

const COUNT = `rules:
  - name: P
    severity: warning
    pattern:
      count: 3
      of: { event: instance.restarted }
      within: 1h
      per: tenant
`
const SEQUENCE = `rules:
  - name: P
    severity: warning
    pattern:
      sequence:
        - { family: environment, metric: temperature, fireAbove: 40 }
        - { absence: { family: environment }, within: 5m }
`
const EVENTS = `rules:
  - name: P
    severity: warning
    keepFiringFor: 1m
    pattern:
      sequence:
        - { event: activity.changed, where: { to: falling } }
        - { family: device, metric: activity, fireEquals: walking, within: 5m }
`

const linesOf = (text: string) => checkRules([{ where: 'a.yaml', text }]).errors.map(errorLine)
const with_ = (text: string, from: string, to: string) => {
  assert.ok(text.includes(from), from)
  return text.replace(from, to)
}

describe('a fault in a pattern', () => {
  it('given valid ones, then there are no faults', () => {
    for (const text of [COUNT, SEQUENCE, EVENTS]) assert.deepEqual(linesOf(text), [])
  })

  const cases: [what: string, text: string, ...lines: RegExp[]][] = [
    [
      'no mapping',
      'rules:\n  - { name: P, severity: info, pattern: 3 }\n',
      /^a\.yaml:2:32 {2}P\.pattern: must be a mapping with count or sequence, not 3$/,
    ],
    [
      'keys of a value',
      with_(COUNT, '    severity', '    family: device\n    for: 1m\n    severity'),
      /^a\.yaml:3:5 {2}P\.family: does not go with pattern/,
      /^a\.yaml:4:5 {2}P\.for: does not go with pattern/,
    ],
    [
      'an unknown key',
      with_(COUNT, 'per: tenant', 'by: tenant'),
      /^a\.yaml:8:7 {2}P\.pattern\.by: unknown key; a pattern has count, of, within, sequence, per, until$/,
    ],
    [
      'an unknown key of an event',
      with_(COUNT, 'restarted }', 'restarted, fields: 1 }'),
      /^a\.yaml:6:\d+ {2}P\.pattern\.of\.fields: unknown key; it has .*match/,
    ],
    [
      'an unknown key of a match',
      with_(COUNT, 'restarted }', 'restarted, match: { host: a } }'),
      /P\.pattern\.of\.match\.host: unknown key; match has site, databaseType, model, tenant, entity, tags$/,
    ],
    [
      'neither count nor sequence',
      with_(COUNT, '      count: 3\n      of: { event: instance.restarted }\n      within: 1h\n', ''),
      /^a\.yaml:4:5 {2}P\.pattern: give either count, with of and within, or sequence$/,
    ],
    [
      'both',
      with_(
        SEQUENCE,
        '      sequence',
        '      count: 3\n      of: { family: device }\n      within: 1h\n      sequence',
      ),
      /P\.pattern: give either count/,
    ],
    ['no time', with_(COUNT, '      within: 1h\n', ''), /P\.pattern\.count: needs within as well$/],
    [
      'a count of one',
      with_(COUNT, '3', '1'),
      /^a\.yaml:5:7 {2}P\.pattern\.count: must be a whole number from 2 to 500, not 1$/,
    ],
    [
      'a count that is not a whole number',
      with_(COUNT, '3', '2.5'),
      /P\.pattern\.count: must be a whole number/,
    ],
    [
      'a bad duration',
      with_(COUNT, '1h', '1 hour'),
      /^a\.yaml:7:7 {2}P\.pattern\.within: must be a duration such as 90s, 5m or 1h30m, not "1 hour"$/,
    ],
    [
      'no time at all',
      with_(COUNT, '1h', '0'),
      /^a\.yaml:7:7 {2}P\.pattern\.within: must be longer than 0 and at most 7d/,
    ],
    [
      'more time than the log has',
      with_(COUNT, '1h', '8d'),
      /P\.pattern\.within: must be longer than 0 and at most 7d/,
    ],
    [
      'an unknown event',
      with_(COUNT, 'instance.restarted', 'instance.restartd'),
      /^a\.yaml:6:13 {2}P\.pattern\.of\.event: must be one of activity\.changed, .*, not "instance\.restartd"$/,
    ],
    [
      'no event',
      with_(COUNT, 'event: instance.restarted', 'match: { tenant: a }'),
      /P\.pattern\.of: give either family or event$/,
    ],
    [
      'an event and a reading',
      with_(COUNT, 'event: instance.restarted', 'event: instance.restarted, family: database'),
      /P\.pattern\.of: give either family or event$/,
    ],
    [
      'an unknown field',
      with_(EVENTS, 'to: falling', 'too: falling'),
      /^a\.yaml:7:47 {2}P\.pattern\.sequence\.0\.where\.too: activity\.changed has only from, to$/,
    ],
    [
      'fields of an event that has none',
      with_(COUNT, 'restarted }', 'restarted, where: { x: y } }'),
      /P\.pattern\.of\.where\.x: instance\.restarted has no fields to compare$/,
    ],
    [
      'a field that is not a text',
      with_(EVENTS, 'to: falling', 'to: 3'),
      /P\.pattern\.sequence\.0\.where\.to: must be a text in quotes, or a list of such texts, not 3$/,
    ],
    [
      'an unknown group',
      with_(COUNT, 'tenant', 'team'),
      /^a\.yaml:8:7 {2}P\.pattern\.per: must be entity, site, databaseType, model, tenant, or a tag such as tags\.floor, not "team"$/,
    ],
    [
      'a group that its events have not',
      with_(COUNT, 'tenant', 'site'),
      /^a\.yaml:8:7 {2}P\.pattern\.per: readings of database have no site/,
    ],
    [
      'entities of two families',
      with_(SEQUENCE, 'absence: { family: environment', 'absence: { family: device'),
      /P\.pattern\.per: no entity has events of environment and device/,
    ],
    [
      'an unknown metric',
      with_(SEQUENCE, 'temperature', 'heat'),
      /^a\.yaml:6:34 {2}P\.pattern\.sequence\.0\.metric: must be one of temperature, .*, not "heat"$/,
    ],
    [
      'a condition without metric',
      with_(SEQUENCE, 'metric: temperature, ', ''),
      /P\.pattern\.sequence\.0\.fireAbove: needs metric as well$/,
    ],
    [
      'two conditions',
      with_(SEQUENCE, 'fireAbove: 40', 'fireAbove: 40, fireBelow: 0'),
      /^a\.yaml:6:70 {2}P\.pattern\.sequence\.0\.fireBelow: one condition is enough/,
    ],
    [
      'a unit that does not fit',
      with_(SEQUENCE, 'fireAbove: 40', 'fireAbove: 40, unit: kg'),
      /P\.pattern\.sequence\.0\.unit: does not fit temperature/,
    ],
    [
      'a value that never comes',
      with_(SEQUENCE, 'temperature, fireAbove: 40', 'humidity, fireAbove: 100'),
      /P\.pattern\.sequence\.0\.fireAbove: would never fire: humidity is always between 0 and 100 %$/,
    ],
    [
      'an unknown state',
      with_(SEQUENCE, 'temperature, fireAbove: 40', 'status, fireEquals: bad'),
      /P\.pattern\.sequence\.0\.fireEquals: status is never bad/,
    ],
    [
      'a match that no reading has',
      with_(SEQUENCE, 'fireAbove: 40', 'fireAbove: 40, match: { model: x }'),
      /P\.pattern\.sequence\.0\.match\.model: readings of environment have no model/,
    ],
    [
      'a step without time',
      with_(EVENTS, ', within: 5m', ''),
      /^a\.yaml:8:11 {2}P\.pattern\.sequence\.1\.within: is missing: must be the maximum time since the previous step/,
    ],
    [
      'a first step with a time',
      with_(EVENTS, '{ to: falling }', '{ to: falling }, within: 5m'),
      /P\.pattern\.sequence\.0\.within: is not allowed in the first step/,
    ],
    [
      'an absence without time',
      with_(SEQUENCE, ', within: 5m', ''),
      /P\.pattern\.sequence\.1\.absence: needs within as well$/,
    ],
    [
      'an absence that is not the last step',
      `${SEQUENCE}        - { family: environment, within: 1m }\n    keepFiringFor: 1m\n`,
      /^a\.yaml:7:13 {2}P\.pattern\.sequence\.1\.absence: must be the last step/,
    ],
    [
      'an absence alone',
      with_(SEQUENCE, '        - { family: environment, metric: temperature, fireAbove: 40 }\n', ''),
      /^a\.yaml:5:7 {2}P\.pattern\.sequence: must be a list of 2 to 8 steps$/,
    ],
    [
      'an absence beside other keys',
      with_(SEQUENCE, ', within: 5m', ', metric: humidity, within: 5m'),
      /P\.pattern\.sequence\.1\.metric: needs family as well$/,
    ],
    [
      'a step that is not a mapping',
      with_(SEQUENCE, '{ absence: { family: environment }, within: 5m }', 'silence'),
      /^a\.yaml:7:11 {2}P\.pattern\.sequence\.1: must be an event such as .*, or an absence$/,
    ],
    [
      'nothing that ends it',
      with_(EVENTS, '    keepFiringFor: 1m\n', ''),
      /^a\.yaml:4:5 {2}P\.pattern: ends with an event, which does not last: give keepFiringFor, or until/,
    ],
    [
      'a placeholder of values',
      `${COUNT}    summary: '{{value}} of {{group}}'\n`,
      /^a\.yaml:9:5 {2}P\.summary: unknown placeholder \{\{value\}\}; use \{\{group\}\}, /,
    ],
    [
      'a count of another kind',
      `${SEQUENCE}    summary: '{{count}} of {{group}}'\n`,
      /P\.summary: unknown placeholder \{\{count\}\}/,
    ],
    [
      'the same rule twice',
      `${COUNT}  - { name: P, severity: info, family: device, metric: x, fireAbove: 1 }\n`,
      /P\.name: P is already in a\.yaml/,
    ],
    ['no severity', with_(COUNT, '    severity: warning\n', ''), /P\.severity: is missing/],
  ]
  for (const [what, text, ...expected] of cases)
    it(`given ${what}, then it is named with file, line and key`, () => {
      const lines = linesOf(text)
      assert.equal(lines.length, expected.length, lines.join('\n'))
      for (const [index, line] of expected.entries()) assert.match(lines[index] ?? '', line)
    })

  it('given several, then all are named', () => {
    const text = with_(with_(EVENTS, ', within: 5m', ', within: 9d'), 'to: falling', 'too: falling')
    assert.equal(linesOf(with_(text, '    keepFiringFor: 1m\n', '')).length, 3)
  })
})
