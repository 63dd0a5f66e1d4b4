import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AddressKind, addressKind } from '../../../lib/notification/adapters/addresses.ts'

const KINDS: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.0',
    '100.128.0.0',
    '2600:1f18::1',
    '::ffff:8.8.8.8',
    '223.255.255.255',
  ],
  private: [
    '10.0.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    'fc00::1',
    'fdff::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
  ],
  never: [
    '0.0.0.0',
    '169.254.169.254',
    '169.254.170.2',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    '::',
    '::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'ff02::1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
  ],
}

describe('the kind of an address', () => {
  for (const [kind, addresses] of Object.entries(KINDS))
    for (const address of addresses)
      it(`given ${address}, then it is ${kind}`, () => assert.equal(addressKind(address), kind))
})
