import { describe, expect, it } from 'vitest';

import { compile } from './execute.js';
import { View } from './value.js';

const data = {
  Name: 'web',
  Size: 3,
  On: true,
  Off: false,
  Nothing: null,
  List: ['a', 'b'],
  Empty: [],
  Map: { b: '2', a: '1', 'with.dot': 'x' },
  Deep: { Er: { Value: 'found' } },
  Rows: [{ N: 1 }, { N: 2 }],
};

describe('a template', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['{{.Name}}', 'web'],
    ['{{ .Name }} is {{.Size}}', 'web is 3'],
    ['{{.Deep.Er.Value}}', 'found'],
    [
      '{{.}}{{/* nothing */}}',
      'map[Deep:map[Er:map[Value:found]] Empty:[] List:[a b] Map:map[a:1 b:2 with.dot:x] Name:web Nothing:<no value> Off:false On:true Rows:[map[N:1] map[N:2]] Size:3]',
    ],
    ['{{.Nothing}}', '<no value>'],
    ['{{"a\\tb"}}{{`raw\\t`}}', 'a\tbraw\\t'],
    ['{{"}}"}}', '}}'],
    // white space
    ['a {{- .Size -}} b', 'a3b'],
    ['a {{- /* x */ -}} b', 'ab'],
    ['{{.Size -}}\n\n x', '3x'],
    ['{{- 3}}', '3'],
    // pipelines and functions
    ['{{json .Map}}', '{"b":"2","a":"1","with.dot":"x"}'],
    ['{{.List | json}}', '["a","b"]'],
    ['{{json .Nothing}}', 'null'],
    ['{{upper .Name}} {{title .Name}} {{.Name | upper | lower}}', 'WEB Web web'],
    ['{{join .List ", "}}', 'a, b'],
    ['{{index (split "a/b" "/") 1}}', 'b'],
    ['{{index .Map "with.dot"}}', 'x'],
    ['{{index .Map "none"}}', ''],
    ['{{index .Rows 1 "N"}}', '2'],
    ['{{(index .Rows 0).N}}', '1'],
    ['{{len .List}} {{len .Name}} {{len .Map}}', '2 3 3'],
    ['{{println .Name .Size}}', 'web 3\n'],
    ['{{print .Name .Size 4}}', 'web3 4'],
    [
      '{{printf "%-5s|%5d|%q|%x|%.2f|%v|%%" .Name .Size .Name 255 1.5 .List}}',
      'web  |    3|"web"|ff|1.50|[a b]|%',
    ],
    ['{{printf "%s %s" .Name}}', 'web %!s(MISSING)'],
    ['{{pad .Name 1 2}}|{{pad "" 1 2}}|', ' web  ||'],
    ['{{truncate .Name 2}}', 'we'],
    ['{{slice .Name 1 2}}', 'e'],
    // conditions
    ['{{if .On}}yes{{else}}no{{end}}', 'yes'],
    ['{{if .Off}}yes{{else if eq .Name "web"}}web{{else}}no{{end}}', 'web'],
    ['{{if .Empty}}x{{end}}{{if .Nothing}}x{{end}}{{if .List}}y{{end}}', 'y'],
    ['{{if and .On (not .Off)}}y{{end}}{{if or .Off .Empty}}n{{end}}', 'y'],
    ['{{if gt .Size 2}}big{{end}}{{if lt .Name "x"}} low{{end}}', 'big low'],
    ['{{if ne .Nothing nil}}x{{else}}nil{{end}}', 'nil'],
    ['{{with .Deep.Er}}{{.Value}}{{end}}{{with .Empty}}x{{else}}none{{end}}', 'foundnone'],
    // loops
    ['{{range .List}}<{{.}}>{{end}}', '<a><b>'],
    ['{{range $i, $x := .List}}{{$i}}={{$x}};{{end}}', '0=a;1=b;'],
    ['{{range $k, $v := .Map}}{{$k}}={{$v}};{{end}}', 'a=1;b=2;with.dot=x;'],
    ['{{range $x := .List}}{{$x}}{{$.Size}}{{end}}', 'a3b3'],
    ['{{range .Empty}}x{{else}}empty{{end}}{{range .Nothing}}x{{end}}', 'empty'],
    ['{{range .Rows}}{{range $i := $.List}}{{$i}}{{end}}{{.N}} {{end}}', 'ab1 ab2 '],
    // variables
    ['{{$x := .Name}}{{$x}}', 'web'],
    ['{{$x := 1}}{{range .List}}{{$x = .}}{{end}}{{$x}}', 'b'],
    ['{{$x := .Deep}}{{$x.Er.Value}}', 'found'],
  ])('%s', (source, text) => {
    expect(compile(source)(data)).toBe(text);
  });

  it.each([
    ['{{.Foo}}', 'template: at <.Foo>: map has no entry for key "Foo"'],
    ['{{.Deep.Foo.Bar}}', 'template: at <.Deep.Foo.Bar>: map has no entry for key "Foo"'],
    ['{{.Name.Foo}}', "template: at <.Name.Foo>: can't evaluate field Foo in web"],
    ['{{.constructor}}', 'map has no entry for key "constructor"'],
    ['{{nosuch .}}', 'template: function "nosuch" not defined'],
    ['{{constructor .}}', 'template: function "constructor" not defined'],
    ['{{$x}}', 'template: undefined variable "$x"'],
    ['{{.Name', 'template: 1:3: unclosed action'],
    ['a\n{{', 'template: 2:3: unclosed action'],
    ['{{if .On}}', 'template: {{if}} has no {{end}}'],
    ['{{end}}', 'template: unexpected {{end}}'],
    ['{{else}}', 'template: unexpected {{else}}'],
    ['{{}}', 'template: missing value for command'],
    ['{{.A | }}', 'template: missing value for command'],
    ['{{(.A}}', 'template: unclosed left paren'],
    ['{{.A )}}', 'template: unexpected ")" in action'],
    ['{{.Name .Size}}', 'template: at <.Name>: Name has arguments but is no function'],
    ['{{"a" "b"}}', 'template: can\'t give argument to non-function "a"'],
    ['{{@}}', 'template: unexpected "@" in "{{@}}"'],
    ['{{index .List 5}}', 'index out of range: 5'],
    ['{{range .Name}}x{{end}}', "template: range can't iterate over web"],
    ['{{lt .Name .Size}}', 'incompatible types for comparison'],
    ['{{join .Name ","}}', 'template: web is no list'],
  ])('refuses %s', (source, message) => {
    expect(() => compile(source)(data)).toThrow(message);
  });
});

describe('a view', () => {
  const view = new View({
    ID: () => 'abc',
    Label: (name: unknown) => `label ${String(name)}`,
    Names: () => 'web',
  });

  it('works fields out, with arguments where they take some', () => {
    expect(compile('{{.ID}} {{.Label "x"}} {{.ID | upper}} {{"y" | .Label}}')(view)).toBe(
      'abc label x ABC label y',
    );
  });

  it('is written as JSON without those that take arguments', () => {
    expect(compile('{{json .}}')(view)).toBe('{"ID":"abc","Names":"web"}');
  });

  it('refuses what it does not have', () => {
    expect(() => compile('{{.Foo}}')(view)).toThrow('template: at <.Foo>: there is no field Foo');
  });
});
