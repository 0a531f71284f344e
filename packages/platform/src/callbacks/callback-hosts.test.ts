import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callbackHostSchema, checkCallbackUrl } from './callback-hosts.js';

const parse = (...entries: string[]) => z.array(callbackHostSchema).parse(entries);

describe('CALLBACK_HOSTS', () => {
  it.each([
    ['hooks.example.com', { protocol: 'https:', hostname: 'hooks.example.com', port: '', network: undefined }],
    ['HOOKS.example.com:443', { protocol: 'https:', hostname: 'hooks.example.com', port: '', network: undefined }],
    ['hooks.example.com:8443', { protocol: 'https:', hostname: 'hooks.example.com', port: '8443', network: undefined }],
    ['*.example.com', { protocol: 'https:', hostname: '*.example.com', port: '', network: undefined }],
    ['http://hr:8080', { protocol: 'http:', hostname: 'hr', port: '8080', network: undefined }],
    ['hr.internal=10.0.0.0/8', { protocol: 'https:', hostname: 'hr.internal', port: '', network: '10.0.0.0/8' }],
    ['http://hr:80=fd00::/8', { protocol: 'http:', hostname: 'hr', port: '', network: 'fd00::/8' }],
    ['[fd00::5]:8443', { protocol: 'https:', hostname: '[fd00::5]', port: '8443', network: undefined }],
    ['bücher.example', { protocol: 'https:', hostname: 'xn--bcher-kva.example', port: '', network: undefined }],
  ])('understands %s', (entry, host) => {
    expect(callbackHostSchema.parse(entry)).toEqual(host);
  });

  it.each([
    '',
    '*',
    '*.',
    '*.0.0.1',
    '*.*.example.com',
    'hooks.*.example.com',
    'hooks*.example.com',
    'hooks.example.com/path',
    'hooks.example.com?',
    'me@hooks.example.com',
    'ftp://hooks.example.com',
    'http://',
    'hooks.example.com:99999',
    'hr.internal=',
    'hr.internal=10.0.0.0',
    'hr.internal=10.0.0.0/33',
    'hr.internal=office/8',
    'two words',
  ])('refuses "%s"', (entry) => {
    expect(callbackHostSchema.safeParse(entry).success).toBe(false);
  });
});

const hosts = parse(
  'hooks.example.com',
  'hooks.example.com:8443',
  '*.example.org',
  'http://127.0.0.1:9000',
  '[fd00::5]',
);

describe('a callback URL', () => {
  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com/a/path?token=secret#part',
    'https://hooks.example.com:443/',
    'https://HOOKS.example.com:8443/',
    'https://hooks.example.com\\@evil.example:444/',
    'https://a.example.org/',
    'https://a.b.example.org/',
    'http://127.0.0.1:9000/hook',
    'http://2130706433:9000/hook',
    'http://0x7f.1:9000/hook',
    'https://[fd00:0::5]/',
  ])('%s is allowed', (url) => {
    expect(checkCallbackUrl(url, hosts)).toBeDefined();
  });

  it.each([
    '',
    'hooks.example.com',
    '/hook',
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'javascript:alert(1)',
    'https://hooks.example.com:444/',
    'https://hooks.example.com./',
    'https://user:password@hooks.example.com/',
    'https://user@hooks.example.com/',
    'https://hooks.example.com.evil.example/',
    'https://evil.example/?https://hooks.example.com/',
    'https://evilhooks.example.com/',
    'https://example.org/',
    'https://evilexample.org/',
    'https://a.example.org:8443/',
    'https://a.example.org./',
    'https://10.0.0.1/',
    'https://127.0.0.1:9000/',
    'http://127.0.0.1:9001/',
    'http://127.0.0.2:9000/',
    'http://localhost:9000/',
    'http://localhost.:9000/',
    'http://[::ffff:127.0.0.1]:9000/',
    'http://[::1]:9000/',
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/',
    'https://2130706433/',
    'https://[fd00::6]/',
    'https://[::ffff:10.0.0.1]/',
    'https://0.0.0.0/',
    `https://hooks.example.com/${'a'.repeat(2048)}`,
  ])('%s is refused', (url) => {
    expect(checkCallbackUrl(url, hosts)).toBeUndefined();
  });

  it('is refused by an empty list', () => {
    expect(checkCallbackUrl('https://hooks.example.com', [])).toBeUndefined();
  });

  it('leads to public addresses only, unless its host is listed with others', () => {
    const listed = parse('hr.example', 'hr.example=10.0.0.0/8', '*.example.org', '*.example.org=fd00::/8');
    const hr = checkCallbackUrl('https://hr.example/', listed);
    expect(['8.8.8.8', '10.1.2.3', '192.168.1.1', '127.0.0.1', 'fd00::1'].map((a) => hr?.mayConnect(a))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    const wild = checkCallbackUrl('https://a.example.org/', listed);
    expect(['8.8.8.8', '10.1.2.3', 'fd00::1'].map((a) => wild?.mayConnect(a))).toEqual([true, false, true]);
    const only = checkCallbackUrl('https://hr.example/', parse('hr.example=10.0.0.0/8'));
    expect(only?.mayConnect('8.8.8.8')).toBe(false);
  });
});
