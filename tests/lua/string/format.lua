-- Every conversion of string.format.
print(string.format("%d %i %5d|%-5d|%05d|%+d|% d", 1, 2, 3, 4, 5, 6, 7))
print(string.format("%u|%c%c|%x %X %#x|%o %#o", 42, 72, 105, 255, 255, 255, 8, 8))
print(string.format("%.3d|%8.3d|%-8.3d|", 5, 5, 5))
print(string.format("%e %E %.2e|%12.3e|", 12345.678, 12345.678, 0.00012, 1.5))
print(string.format("%f %.2f|%10.1f|%-10.1f|%+.1f", 1.5, 2.345, 3.14, 3.14, 2))
print(string.format("%g %G %.3g %g %g", 1e20, 1e-10, 1234.5678, 100000, 1000000))
print(string.format("%a %A %a %a", 1, 0.5, -3.75, 0))
print(string.format("%.2a|%20a|%+a", 1.999, 1, 1))
print(string.format("%s %10s|%-10s|%.2s|%5.1s|", "a", "b", "c", "defg", "hij"))
print(string.format("%s %s %s %s", nil, true, 1, 1.5))
print(string.format("%q", 'line\nquote" back\\slash \0 zero \0001 \r tab\t'))
print(string.format("%q %q %q", 1, 1.5, math.mininteger))
print(string.format("%q %q %q", true, nil, 1 / 0))
print(string.format("%%|"))
print(string.format("%d", "10"), string.format("%d", 3.0), string.format("%s", "a\0b") == "a\0b")
print(string.format("%x", -1), string.format("%d", math.mininteger))
print(string.format("%5s|%-5s|", "toolong", "toolong"))
print(string.format("%g %g %g", 1 / 0, -1 / 0, 0.1))
print(string.format("%.0f %.0f %.0f", 0.5, 1.5, 2.5))
print(string.format("%.14g", 3.14159265358979), string.format("%.99f", 1 / 3):len())
print(string.format("%10.4f|%-10.4f|%010.4f", math.pi, math.pi, -math.pi))
print(string.format("% 5d|%+5d|%-+5d|", 42, 42, 42))
print(string.format("%#x %#X %#o %#.3g", 0, 255, 0, 1))
print(pcall(string.format, "%"))
print(pcall(string.format, "%d"))
print(pcall(string.format, "%z", 1))
print(pcall(string.format, "%123d", 1))
print(pcall(string.format, "%.123d", 1))
print(pcall(string.format, "%-+ #0-d", 1))
print(pcall(string.format, "%d", "x"))
print(pcall(string.format, "%q", {}))
print(pcall(string.format, "%10q", "x"))
print(pcall(string.format, "%s"))
print(pcall(string.format, "%c", "x"))
print(pcall(string.format, "%20s", "a\0b"))
print(string.format("{0.__class__} %%(x)s {}"))

-- expect: 1 2     3|4    |00005|+6| 7
-- expect: 42|Hi|ff FF 0xff|10 010
-- expect: 005|     005|005     |
-- expect: 1.234568e+04 1.234568E+04 1.20e-04|   1.500e+00|
-- expect: 1.500000 2.35|       3.1|3.1       |+2.0
-- expect: 1e+20 1E-10 1.23e+03 100000 1e+06
-- expect: 0x1p+0 0X1P-1 -0x1.ep+1 0x0p+0
-- expect: 0x2.00p+0|              0x1p+0|+0x1p+0
-- expect: a          b|c         |de|    h|
-- expect: nil true 1 1.5
-- expect: "line\
-- expect: quote\" back\\slash \0 zero \0001 \13 tab\9"
-- expect: 1 0x1.8p+0 0x8000000000000000
-- expect: true nil inf
-- expect: %|
-- expect: 10	3	true
-- expect: ffffffffffffffff	-9223372036854775808
-- expect: toolong|toolong|
-- expect: inf -inf 0.1
-- expect: 0 2 2
-- expect: 3.1415926535898	101
-- expect:     3.1416|3.1416    |-0003.1416
-- expect:    42|  +42|+42  |
-- expect: 0 0XFF 0 1.00
-- expect: false	bad argument #2 to 'string.format' (no value)
-- expect: false	bad argument #2 to 'string.format' (no value)
-- expect: false	invalid option '%z' to 'format'
-- expect: false	invalid format (width or precision too long)
-- expect: false	invalid format (width or precision too long)
-- expect: false	invalid format (repeated flags)
-- expect: false	bad argument #2 to 'string.format' (number expected, got string)
-- expect: false	bad argument #2 to 'string.format' (value has no literal form)
-- expect: true	"x"
-- expect: false	bad argument #2 to 'string.format' (no value)
-- expect: false	bad argument #2 to 'string.format' (number expected, got string)
-- expect: false	bad argument #2 to 'string.format' (string contains zeros)
-- expect: {0.__class__} %(x)s {}
