/**
 * Classifies the addresses to which a webhook may connect. The owner of a webhook must not be able to send requests to servers of
 * the internal network. Source: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
 */
import { BlockList, isIPv6 } from 'node:net'

/** Networks of an organisation or of the local machine. Connections are allowed only if the receiver has `allowPrivate: true`. */
const PRIVATE = blockList([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
])

/**
 * Addresses to which connections are never allowed. These are link-local addresses, which include metadata and credential
 * endpoints, and addresses that do not belong to a single host on the internet.
 */
const NEVER = blockList([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  // Metadata endpoint of AWS, IPv6.
  'fd00:ec2::/32',
  // Addresses that embed an IPv4 address (6to4, Teredo), and documentation addresses.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
])

/** Range of IPv6 addresses that are assigned to single hosts on the internet. */
const PUBLIC_IPV6 = blockList(['2000::/3'])

export type AddressKind = 'public' | 'private' | 'never'

/** Returns the kind of an address. An IPv4-mapped address (`::ffff:10.0.0.1`) is treated as IPv4. */
export function addressKind(address: string): AddressKind {
  const [plain = ''] = address.split('%')
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4'
  if (NEVER.check(plain, family)) return 'never'
  if (PRIVATE.check(plain, family)) return 'private'
  if (family === 'ipv4' || isMapped(plain) || PUBLIC_IPV6.check(plain, family)) return 'public'
  return 'never'
}

const MAPPED = blockList(['::ffff:0:0/96'])

function isMapped(address: string): boolean {
  return MAPPED.check(address, 'ipv6')
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}
