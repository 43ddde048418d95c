-- Operators and functions, by the chapters of the manual.

-- Numbers.
select abs(-5), @ -5, ceil(1.2), ceiling(-1.2), floor(-1.5), round(2.5), round(2.4567, 2), trunc(2.9), trunc(-2.987, 1), sign(-3);
select mod(7, 3), div(7, 2), power(2, 10), sqrt(16), cbrt(27), exp(0), ln(1), log(100), log(2, 8), log10(1000);
select gcd(12, 18), lcm(4, 6), factorial(5), scale(1.230), min_scale(1.230), trim_scale(1.2300), width_bucket(5, 0, 10, 5), width_bucket(5, array[1, 4, 9]);
select sin(0), cos(0), tan(0), asin(0), acos(1), atan(0), atan2(0, 1), sinh(0), cosh(0), tanh(0), asinh(0), acosh(1), atanh(0);
select sind(30), cosd(60), tand(45), asind(0.5), acosd(0.5), atand(1), atan2d(1, 1), cotd(45), cot(1)::numeric(6, 4);
select degrees(pi()), radians(180), pi()::numeric(10, 6);
select 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 16 >> 2, |/ 25, ||/ 27, 2 ^ 3, 5 % 3;
--~ shape: random
select random();
--~ shape: random
select (random() * 10)::int, floor(random() * 6 + 1) from generate_series(1, 3);
select random() < 2, random() >= 0;
select 1::numeric / 3, 10::float8 / 3, 'NaN'::float8, 'Infinity'::numeric, '-inf'::float4, 1e308 * 0.1;
select to_char(1234.5, 'FM9,999.00'), to_char(-5, 'S99'), to_char(42, 'RN'), to_char(0.5, '990D99%'), to_number('1,234.5', '9,999.9');
select 12345678901234567890.123::numeric(30, 2), 7::int2, 7::int4, 7::int8, 1.5::real, 1.5::double precision;
select count(*), sum(n), avg(n), stddev(n)::numeric(10, 4), variance(n)::numeric(10, 4), stddev_pop(n)::numeric(10, 4), var_pop(n)::numeric(10, 4) from generate_series(1, 10) n;
select corr(n, n * 2), covar_pop(n, n), covar_samp(n, n), regr_slope(n, n), regr_intercept(n, n), regr_count(n, n), regr_r2(n, n) from generate_series(1, 4) n;
select percentile_cont(0.5) within group (order by pay), percentile_disc(array[0.25, 0.75]) within group (order by pay), mode() within group (order by region) from grower;
select rank(2100) within group (order by pay), dense_rank(2100) within group (order by pay), percent_rank(2100) within group (order by pay), cume_dist(2100) within group (order by pay) from grower;
select bit_and(n), bit_or(n), bit_xor(n) from generate_series(1, 7) n;

-- Strings.
select 'a' || 'b', 'a' || 1, concat('a', null, 1), concat_ws('-', 'a', null, 'b'), format('%s is %I and %L', 1, 'odd name', 'it''s');
select length('apple'), char_length('apple'), character_length('äpple'), octet_length('äpple'), bit_length('a');
select lower('ABC'), upper('abc'), initcap('two words'), reverse('abc'), repeat('ab', 3), left('apple', 2), right('apple', 2), left('apple', -1);
select lpad('7', 3, '0'), rpad('7', 3, 'x'), ltrim('  a '), rtrim(' a  '), btrim('xxaxx', 'x'), trim('  a  '), trim(both 'x' from 'xax'), trim(leading from '  a'), trim(trailing 'y' from 'ayy');
select substring('apple' from 2 for 3), substring('apple', 3), substring('apple' from 'p+'), substring('apple' similar '%#"pp#"%' escape '#'), substr('apple', 2, 2), overlay('apple' placing 'XX' from 2 for 2);
select position('p' in 'apple'), strpos('apple', 'p'), split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), starts_with('apple', 'ap'), 'apple' ^@ 'ap';
select replace('apple', 'p', 'b'), translate('12345', '143', 'ax'), ascii('A'), chr(65), to_hex(255), md5('apple'), quote_ident('a b'), quote_literal('it''s'), quote_nullable(null);
select regexp_replace('apple pear', 'p+', 'X', 'g'), regexp_match('apple', '(a)(p+)'), regexp_count('banana', 'an'), regexp_instr('banana', 'an', 3), regexp_like('Apple', '^a', 'i'), regexp_substr('banana', 'n.', 1, 2);
select regexp_matches('banana', 'an', 'g');
select regexp_split_to_table('a1b22c', '\d+'), regexp_split_to_array('a b  c', '\s+');
select string_to_array('a,b,,c', ',', ''), string_to_table('x-y', '-'), array_to_string(array[1, null, 3], ',', '*');
select 'apple' like 'a%', 'apple' not like '%z', 'Apple' ilike 'apple', 'apple' similar to '(a|b)%', 'apple' ~ 'p{2}', 'apple' ~* 'PP', 'apple' !~ 'x';
select 'apple' ~~ 'a%', 'apple' !~~ 'b%', 'apple' ~~* 'A%';
select normalize('é', NFD) = 'é', 'é' is nfc normalized, unistr('\0061');
select parse_ident('public."Odd"'), to_ascii('abc', 'LATIN1'), convert_from('\x616263', 'UTF8'), convert_to('abc', 'UTF8'), pg_client_encoding();
select casefold_missing('a');
select encode('\xdeadbeef', 'hex'), encode('abc', 'base64'), decode('3q2+7w==', 'base64'), encode('a\b', 'escape');
select sha224('a'), sha256('a'), sha384('a'), sha512('a');
select get_bit('\xf0'::bytea, 4), set_bit('\xf0'::bytea, 0, 1), get_byte('\x0102', 1), set_byte('\x0102', 1, 255), bit_count('\xff'::bytea), substring('\x010203'::bytea from 2), overlay('\x010203'::bytea placing '\xff' from 2), trim('\x00'::bytea from '\x000100'::bytea), '\x01'::bytea || '\x02';
select B'1010' & B'0110', B'1010' | B'0110', B'1010' # B'0110', ~ B'1010', B'1010' << 1, B'1010' >> 1, bit_length(B'101'), get_bit(B'101', 0), set_bit(B'101', 1, 1), 44::bit(10), cast(-44 as bit(12)), '1110'::bit(4)::integer;
select digest('apple', 'sha256'), encode(hmac('apple', 'key', 'md5'), 'hex'), crypt('apple', '$1$saltsalt') is not null;
--~ shape: random
select gen_salt('md5'), gen_random_bytes(8);
--~ shape: random
select gen_random_uuid();
select similarity('apple', 'aple') > 0.4, 'apple' % 'aple', word_similarity('app', 'apple pie') > 0, show_trgm('app'), 'apple' <-> 'apples' < 1;
select 'Apple'::citext = 'aPPLE', strpos('Apple'::citext, 'P'), key from setting order by key;

-- Dates and times.
select date '2024-02-28' + 2, date '2024-03-01' - date '2024-02-01', date '2024-01-31' + interval '1 month', timestamp '2024-01-01' - interval '1 hour', time '10:00' + interval '90 minutes', interval '1 day' * 3, interval '1 hour' / 2, -interval '2 days';
select age(timestamp '2024-05-01', timestamp '2020-02-29'), date_part('year', date '2024-05-01'), extract(epoch from timestamp '2024-01-01'), extract(isodow from date '2024-05-05'), extract(week from date '2024-12-30'), extract(century from date '2024-01-01'), extract(microseconds from time '10:00:01.5');
select date_trunc('month', timestamp '2024-05-17 10:20'), date_trunc('day', timestamptz '2024-05-17 10:20+00', 'Asia/Tokyo'), date_bin('15 minutes', timestamp '2024-05-17 10:20', timestamp '2024-01-01');
select make_date(2024, 5, 1), make_time(10, 20, 30.5), make_timestamp(2024, 5, 1, 10, 20, 0), make_timestamptz(2024, 5, 1, 10, 20, 0, 'UTC'), make_interval(days => 3, hours => 2), to_timestamp(0), isfinite(date 'infinity');
select justify_days(interval '35 days'), justify_hours(interval '27 hours'), justify_interval(interval '1 mon -1 hour');
select to_char(timestamp '2024-05-01 14:05:06', 'YYYY-MM-DD HH24:MI:SS Day TMMonth Q IW'), to_date('05 Dec 2000', 'DD Mon YYYY'), to_timestamp('2024-05-01 10', 'YYYY-MM-DD HH24');
select timestamp '2024-05-01 12:00' at time zone 'Europe/Berlin', timestamptz '2024-05-01 12:00+00' at time zone 'America/New_York', time with time zone '12:00+02' at time zone 'UTC', timezone('Asia/Kolkata', timestamptz '2024-05-01 12:00+00');
select (date '2024-01-01', date '2024-02-01') overlaps (date '2024-01-15', interval '10 days');
select now() = current_timestamp, now() = transaction_timestamp(), statement_timestamp() >= now(), clock_timestamp() >= now(), current_date = now()::date, localtimestamp = now()::timestamp, localtime = now()::time, timeofday() is not null, current_time(0) is not null;
--~ shape: time
select now(), current_timestamp, current_timestamp(2), current_date, current_time, localtime, localtimestamp(0);
--~ shape: time
select clock_timestamp(), statement_timestamp(), transaction_timestamp(), timeofday();
--~ shape: time
select 'now'::timestamp, 'today'::date, 'tomorrow'::date, 'yesterday'::timestamptz, timestamp 'now';
select 'today'::date = current_date, 'epoch'::timestamp, 'infinity'::timestamp > now();
--~ shape: time
select age(timestamp '2001-01-01'), now() - interval '1 day', extract(year from now());
select count(*) from crop where picked < now() and picked > now() - interval '100 years';
select interval '1-2', interval '3 4:05:06', interval 'P1Y2M3DT4H5M6S', interval '1 year 2 months ago', interval '1' year, interval '4:05' hour to minute, interval(0) '1.6 seconds';
select timestamp(0) '2024-01-01 00:00:00.6', timestamptz '2024-01-01 00:00 Europe/Paris', time(1) '10:00:00.55', timetz '10:00+01', date 'January 8, 1999', date '19990108', date 'J2451187';
select d::date from generate_series(date '2024-01-29', date '2024-02-02', '1 day') d;
select extract(hour from at), extract(timezone from attz), span * 2 from basket;

-- Enumerations, geometry, networks.
select enum_first(null::ripeness), enum_last(null::ripeness), enum_range(null::ripeness), enum_range('turning'::ripeness, 'ripe'), 'green'::ripeness < 'ripe'::ripeness;
select state, count(*) from crop group by state order by state;
select point(1, 2), box '((0,0),(1,1))', circle '<(0,0),5>', lseg '[(0,0),(1,1)]', path '[(0,0),(1,1),(2,0)]', polygon '((0,0),(1,1),(2,0))', line '{1,-1,0}';
select area(box '((0,0),(2,3))'), center(circle '<(1,2),3>'), diameter(circle '<(0,0),5>'), radius(circle '<(0,0),5>'), height(box '((0,0),(2,3))'), width(box '((0,0),(2,3))'), length(path '((-1,0),(1,0))'), npoints(path '[(0,0),(1,1)]'), isopen(path '[(0,0),(1,1)]'), isclosed(path '((0,0),(1,1))'), pclose(path '[(0,0),(1,1)]'), popen(path '((0,0),(1,1))'), slope(point '(0,0)', point '(2,1)'), diagonal(box '((0,0),(1,2))'), bound_box(box '(0,0),(1,1)', box '(3,3),(4,4)');
select point '(1,1)' + point '(2,0)', point '(1,1)' * point '(2,0)', box '((0,0),(1,1))' # box '((0.5,0.5),(2,2))', # path '((0,0),(1,1))', @-@ lseg '[(0,0),(3,4)]', @@ box '((0,0),(2,2))', point '(0,0)' <-> point '(3,4)', point '(0,0)' ## lseg '[(0,1),(1,1)]';
select box '((0,0),(2,2))' && box '((1,1),(3,3))', circle '<(0,0),2>' @> point '(1,1)', point '(1,1)' <@ box '((0,0),(2,2))', box '((0,0),(1,1))' << box '((2,2),(3,3))', box '((0,0),(1,1))' |>> box '((0,-3),(1,-2))', lseg '[(0,0),(1,0)]' ?| lseg '[(0,0),(0,1)]', ?- lseg '[(-1,0),(1,0)]', lseg '[(-1,0),(1,0)]' ?# box '((-2,-2),(2,2))', polygon '((0,0),(1,1),(1,0))' ~= polygon '((0,0),(1,1),(1,0))';
select box(circle '<(0,0),2>'), circle(box '((0,0),(1,1))'), polygon(box '((0,0),(1,1))'), polygon(4, circle '<(0,0),1>') is not null, point(box '((0,0),(2,2))'), lseg(point '(0,0)', point '(1,1)'), path(polygon '((0,0),(1,1),(2,0))');
select title, middle <-> point '(3,3)' as away from orchard order by middle <-> point '(3,3)', id limit 3;
select title from orchard where middle <@ box '((0,0),(4,8))' order by id;
select bounds[0], middle[1] from orchard where id = 1;
select inet '10.1.2.3/24', cidr '10.1.2.0/24', host(inet '10.1.2.3/24'), masklen(inet '10.1.2.3/24'), netmask(inet '10.1.2.3/24'), hostmask(inet '10.1.2.3/24'), network(inet '10.1.2.3/24'), broadcast(inet '10.1.2.3/24'), family(inet '::1'), abbrev(inet '10.1.0.0/16'), text(inet '10.1.2.3'), set_masklen(inet '10.1.2.3/24', 16), inet_same_family('10.0.0.1', '::1'), inet_merge('10.1.2.3/24', '10.1.5.6/24');
select inet '10.1.2.3' << inet '10.1.2.0/24', inet '10.1.2.0/24' >>= inet '10.1.2.0/24', inet '10.1.2.0/24' && inet '10.1.0.0/16', inet '10.1.2.3' + 5, inet '10.1.2.8' - inet '10.1.2.3', ~ inet '10.1.2.3', macaddr '08:00:2b:01:02:03', trunc(macaddr '08:00:2b:01:02:03'), macaddr8_set7bit('08:00:2b:ff:fe:01:02:03');
select net, mac, uid from basket where net << '10.0.0.0/8';

-- Text search.
select to_tsvector('english', 'The apples are ripe'), to_tsquery('english', 'apple & !pear'), plainto_tsquery('english', 'ripe apples'), phraseto_tsquery('english', 'ripe apples'), websearch_to_tsquery('english', '"ripe apple" or pear -plum');
select id, title from article where search @@ to_tsquery('english', 'apple') order by id;
select id, ts_rank(search, query) > 0, ts_rank_cd(search, query) > 0 from article, plainto_tsquery('english', 'apples') query where search @@ query order by id;
select ts_headline('english', body, to_tsquery('english', 'bee'), 'StartSel=<, StopSel=>') from article where id = 2;
select 'a fat cat'::tsvector @@ 'cat & fat'::tsquery, 'a:1 b:2'::tsvector || 'c:1'::tsvector, 'a & b'::tsquery && 'c'::tsquery, 'a'::tsquery || 'b'::tsquery, !! 'a'::tsquery, 'a'::tsquery <-> 'b'::tsquery, 'a'::tsquery @> 'a'::tsquery;
select strip('a:1 b:2'::tsvector), length('a:1 b:2'::tsvector), setweight('a:1 b:2'::tsvector, 'B'), ts_delete('a:1 b:2'::tsvector, 'a'), ts_filter('a:1A b:2B'::tsvector, '{a}'), tsvector_to_array('a:1 b:2'::tsvector), array_to_tsvector(array['x', 'y']), numnode('a & b'::tsquery), querytree('a & !b'::tsquery), ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery);
select * from unnest('cat:3 fat:2,4'::tsvector);
select word, ndoc, nentry from ts_stat('select search from article') order by word limit 5;
select * from ts_debug('english', 'Ripe apples') limit 3;
select ts_lexize('english_stem', 'apples'), get_current_ts_config();
select * from ts_parse('default', '12 apples') limit 3;
select * from ts_token_type('default') order by tokid limit 2;
select json_to_tsvector('english', '{"a": "ripe apples"}', '["string"]'), jsonb_to_tsvector('english', '{"a": "ripe"}', '"all"');

-- JSON.
select '{"a": [1, 2]}'::json, '{"b": 1, "a": 2}'::jsonb, '[1, 2]'::json -> 1, '{"a": {"b": 2}}'::json -> 'a' -> 'b', '{"a": 1}'::json ->> 'a', '{"a": {"b": [10, 20]}}'::json #> '{a,b,1}', '{"a": {"b": 3}}'::json #>> '{a,b}';
select '{"a": 1, "b": 2}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb <@ '{"a": 1, "b": 2}', '{"a": 1}'::jsonb ? 'a', '{"a": 1}'::jsonb ?| array['a', 'x'], '{"a": 1}'::jsonb ?& array['a', 'b'], '{"a": 1}'::jsonb || '{"b": 2}', '{"a": 1, "b": 2}'::jsonb - 'a', '["a", "b"]'::jsonb - 0, '{"a": {"b": 1}}'::jsonb #- '{a,b}', '{"a": 1}'::jsonb - array['a'];
select '{"a": [1, 5]}'::jsonb @? '$.a[*] ? (@ > 2)', '{"a": [1, 5]}'::jsonb @@ '$.a[*] > 2';
select to_json('it "quotes"'::text), to_jsonb(row(1, 'a')), array_to_json(array[[1, 2], [3, 4]]), row_to_json(row(1, 'a')), json_build_array(1, 'a', null), json_build_object('a', 1, 'b', array[1, 2]), jsonb_build_object('x', null), json_object('{a, 1, b, 2}'), json_object('{a,b}', '{1,2}'), jsonb_object('{a, 1}');
select json_array_length('[1, 2, 3]'), jsonb_array_length('[]'), json_typeof('1.5'), jsonb_typeof('null'), json_strip_nulls('{"a": null, "b": 1}'), jsonb_pretty('{"a": 1}'), json_extract_path('{"a": {"b": 1}}', 'a', 'b'), jsonb_extract_path_text('{"a": "x"}', 'a');
select * from json_each('{"a": 1, "b": "x"}');
select * from jsonb_each_text('{"a": 1, "b": "x"}');
select * from json_array_elements('[1, {"a": 2}]');
select * from jsonb_array_elements_text('["x", "y"]');
select json_object_keys('{"a": 1, "b": 2}');
select * from json_populate_record(null::spot, '{"row_no": 1, "tree_no": 2}');
select * from jsonb_populate_recordset(null::spot, '[{"row_no": 1}, {"tree_no": 2}]');
select * from json_to_record('{"a": 1, "b": [1, 2], "c": "x"}') as x(a int, b int[], c text);
select * from jsonb_to_recordset('[{"a": 1, "b": "x"}, {"a": 2}]') as x(a int, b text);
select jsonb_set('{"a": 1}', '{a}', '2'), jsonb_set('{"a": 1}', '{b}', '3', false), jsonb_set_lax('{"a": 1}', '{a}', null, true, 'delete_key'), jsonb_insert('{"a": [1, 3]}', '{a,1}', '2');
select jsonb_path_query('{"a": [1, 2, 3]}', '$.a[*] ? (@ >= $low)', '{"low": 2}'), jsonb_path_exists('{"a": 1}', '$.a'), jsonb_path_match('{"a": 1}', '$.a == 1'), jsonb_path_query_array('[1, 2]', '$[*] + 1'), jsonb_path_query_first('[5, 6]', '$[1]');
select jsonb_path_exists_tz('["2024-01-01"]', '$[*] ? (@.datetime() < "2024-02-01".datetime())');
select notes -> 'owner' ->> 'name', notes #>> '{visits,0}', notes['soil'], (notes -> 'rows')::int + 1 from orchard order by id limit 3;
select id from orchard where notes @> '{"soil": "loam"}' order by id;
select id from orchard where notes @? '$.visits[*] ? (@ > 8)' order by id;
select json_agg(id order by id), jsonb_agg(title order by id), json_object_agg(id, title order by id), jsonb_object_agg(id, area) from orchard where id < 3;
select row_to_json(o) from (select id, title, tags from orchard where id < 3 order by id) o;
select jsonb_build_object('n', count(*), 'fruits', jsonb_agg(distinct fruit)) from crop;
select doc -> 'a' -> 2 ->> 'b' from basket;
select json '{"a": 1' ;

-- XML.
select xmlcomment('hello'), xmlconcat('<a/>', '<b>x</b>'), xmlelement(name fruit, xmlattributes('apple' as kind), 'red'), xmlforest('a' as x, 1 as y), xmlpi(name php, 'echo'), xmlroot(xml '<a/>', version '1.0', standalone yes);
select xmlagg(xmlelement(name f, fruit) order by fruit) from price;
select body is document, xmlexists('//name' passing by value body), xpath('/fruit/@kind', body), xpath_exists('/fruit/year', body) from page order by id;
select t.* from page, xmltable('/fruit' passing body columns id for ordinality, kind text path '@kind', year int path 'year' default 0) t order by t.kind;
select x.* from xmltable(xmlnamespaces('http://x.y' as n), '/n:a/n:b' passing '<a xmlns="http://x.y"><b i="1"/></a>' columns i int path '@i') x;
select xmlparse(document '<a>b</a>'), xmlparse(content 'a<b/>'), xmlserialize(content '<a/>'::xml as text), xml_is_well_formed('<a>'), xml_is_well_formed_document('<a/>'), xml_is_well_formed_content('x');
select query_to_xml('select 1 as one', false, true, ''), table_to_xml('price', true, false, ''), cursor_to_xml('none', 1, false, true, '');
select table_to_xmlschema('price', true, false, '') is not null, query_to_xmlschema('select 1 as a', true, false, '') is not null;

-- Arrays, composites, ranges.
select array[1, 2] || 3, 0 || array[1], array[1, 2] || array[[3, 4]], array_append(array[1], 2), array_prepend(0, array[1]), array_cat(array[1], array[2]), array_remove(array[1, 2, 1], 1), array_replace(array[1, 2], 1, 9);
select array_dims(array[[1, 2], [3, 4]]), array_ndims(array[[1]]), array_length(array[1, 2], 1), array_lower('[0:2]={1,2,3}'::int[], 1), array_upper(array[1, 2], 1), cardinality(array[[1, 2], [3, 4]]), array_fill(7, array[2, 2]), array_position(array['a', 'b'], 'b'), array_positions(array[1, 2, 1], 1), trim_array(array[1, 2, 3], 1);
select array[1, 2, 3] @> array[1], array[1] <@ array[1, 2], array[1, 2] && array[2, 3], array[1, 2] = array[1, 2], array[1, 2] < array[1, 3], 2 = any (array[1, 2]), 3 > all (array[1, 2]);
select (array[1, 2, 3, 4])[2:3], (array[1, 2, 3])[:2], (array[[1, 2], [3, 4]])[2][1], (array[1, 2])[5];
select unnest(array[1, 2]), unnest(array['a', 'b', 'c']);
select * from unnest(array[1, 2], array['a', 'b', 'c']) as t(n, letter);
select generate_subscripts(array[4, 5, 6], 1), array(select id from grower where id < 4 order by id), array_agg(array[id, id]) from grower where id = 1 group by id;
select id from orchard where tags @> '{old}' order by id;
select id from orchard where 'steep' = any (tags) order by id;
select (place).tree_no, (place).*, row(1, 2)::spot = place from basket;
select spans[1], lower(spans[2]), zone, range_agg(s) from basket, unnest(spans) s group by 1, 2, 3;
select int4range(1, 5), '[1,5]'::int4range, numrange(1.5, null), daterange('2024-01-01', '2024-02-01', '[]'), tsrange('2024-01-01', null), 'empty'::int4range, int8range(1, 2), tstzrange('2024-01-01 00:00Z', '2024-01-02 00:00Z'), float_span(1.5, 2.5);
select lower(int4range(1, 5)), upper(int4range(1, 5)), isempty('empty'::int4range), lower_inc('[1,2]'::numrange), upper_inc('[1,2)'::numrange), lower_inf('(,5)'::int4range), upper_inf('[1,)'::int4range), range_merge(int4range(1, 2), int4range(5, 6));
select int4range(1, 5) @> 3, 3 <@ int4range(1, 5), int4range(1, 5) && int4range(4, 9), int4range(1, 2) << int4range(5, 6), int4range(1, 2) -|- int4range(2, 3), int4range(1, 5) + int4range(5, 7), int4range(1, 5) * int4range(3, 9), int4range(1, 5) - int4range(3, 9), int4range(1, 5) &< int4range(2, 6);
select int4multirange(int4range(1, 3), int4range(5, 7)), '{[1,3),[5,7)}'::int4multirange @> 2, multirange(int4range(1, 2)), range_agg(valid), range_intersect_agg(valid) from price where valid is not null;
select unnest('{[1,3),[5,7)}'::int4multirange);
select room from booking where during @> timestamp '2024-01-01 10:45' order by room;
select fruit from price where valid @> date '2024-09-01' order by fruit;
select value -> 'color', value ? 'size', akeys(value), avals(value), hstore_to_json(value), value || 'x=>1', delete(value, 'size'), each(value) from setting where key = 'THEME';
select hstore('a', '1'), 'a=>1'::hstore @> 'a=>1', skeys('a=>1, b=>2'::hstore);
select id, label from section where path <@ 'all.fruit' order by id;
select subpath(path, 1, 1), nlevel(path), path ~ '*.apple.*', lca(path, 'all.tools'), path || 'x' from section where id = 6;

-- Comparison, conditional, set-returning, generation.
select 1 is distinct from null, null is not distinct from null, 5 between 1 and 9, 5 not between 6 and 9, num_nulls(1, null), num_nonnulls(1, null), 1 <> 2, 1 != 2, null isnull, 1 notnull;
select coalesce(null, 1), nullif(1, 1), greatest(1, null, 3), least(2, 1), case when true then 'yes' end, case 1 when 1 then 'one' else 'other' end;
select generate_series(1, 3), generate_series(5, 1, -2) order by 1;
select uuid '6f1b0f3e-8d8c-4a5b-9b57-3f7d2c1e0a99' < uuid 'ffffffff-8d8c-4a5b-9b57-3f7d2c1e0a99', hashtext('a'), hashint4(1), hash_array(array[1]);
select '12.50'::money, '12.50'::money * 2, '12.50'::money + '1.00'::money, amount::numeric from basket;
select pg_typeof(1), pg_typeof('a'::text), pg_typeof(now()), format_type(23, null), pg_column_size(1::int4), pg_collation_for('a'::text), collation for ('a' collate "C");
select '0/16B3748'::pg_lsn - '0/16B3700'::pg_lsn, '0/1'::pg_lsn + 16, '16'::xid, '10:20:10,14'::pg_snapshot, '16'::xid8 < '17'::xid8, 'pg_class'::regclass, 'int4'::regtype, 'now()'::regprocedure, '+(int,int)'::regoperator, 'public'::regnamespace, 'app'::regrole, 'english'::regconfig, 'simple'::regdictionary, '"C"'::regcollation;
select to_regclass('grower'), to_regclass('nowhere'), to_regtype('int'), to_regproc('now'), to_regnamespace('nowhere'), to_regrole('app'), to_regoperator('+(int,int)');
select pg_sleep(0), pg_sleep_for('1 millisecond'), pg_sleep_until(now());
select txid_snapshot_xmin('10:20:10,14'), txid_visible_in_snapshot(15, '10:20:10,14'), pg_snapshot_xip('10:20:10,14'), pg_visible_in_snapshot('9', '10:20:10,14');
select suppressed.x from (select 1 as x offset 0) suppressed;
