import { describe, expect, it } from 'vitest';
import { createClientAddress, networkOf } from './client-address.js';

describe('the address of a client', () => {
  it('is the connection’s while no proxy is trusted', () => {
    const addressOf = createClientAddress([]);
    expect(addressOf('192.0.2.7', '198.51.100.1')).toBe('192.0.2.7');
    expect(addressOf('::ffff:192.0.2.7', undefined)).toBe('192.0.2.7');
    expect(addressOf(undefined, undefined)).toBe('unknown');
  });

  it.each([
    ['a proxy’s word', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['the nearest that is no proxy', '10.0.0.1', '6.6.6.6, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['no stranger’s word', '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['no nonsense', '10.0.0.1', '198.51.100.1, <script>', '10.0.0.1'],
    ['the proxy without a header', '10.0.0.1', undefined, '10.0.0.1'],
    ['the outermost when all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ])('is, behind trusted proxies, %s', (_, remote, forwarded, expected) => {
    expect(createClientAddress(['10.0.0.0/8', 'fd00::1'])(remote, forwarded)).toBe(expected);
  });

  it.each(['10.0.0.0/99', 'proxy.example', '', '/8'])('refuses the proxy "%s"', (proxy) => {
    expect(() => createClientAddress([proxy])).toThrow('TRUSTED_PROXIES');
  });

  it('is limited by the network that one host has', () => {
    expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(networkOf('2001:db8::7')).toBe('2001:db8:0:0::/64');
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('2001:db8:1:2::')).toBe('2001:db8:1:2::/64');
  });
});
