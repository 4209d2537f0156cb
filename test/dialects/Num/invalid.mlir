// RUN: slp-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected 2 to 8 exponent bits, found 1}}
func.func private @f(!num.float<1, 2, 15, none, flush>)

// -----

// expected-error @below {{expected 1 to 10 mantissa bits, found 11}}
func.func private @f(!num.float<4, 11, 15, none, flush>)

// -----

// expected-error @below {{expected at most 16 bits in all, found 17}}
func.func private @f(!num.float<8, 8, 127, none, flush>)

// -----

// expected-error @below {{expected a bias of 0 to 127, found -1}}
func.func private @f(!num.float<5, 2, -1, none, flush>)

// -----

// expected-error @below {{expected ::slp::num_ir::Specials to be one of: ieee, none, reserved, nan}}
// expected-error @below {{failed to parse Num_FloatType parameter 'specials'}}
func.func private @f(!num.float<5, 2, 15, finite, flush>)

// -----

// expected-error @below {{expected a largest exponent of at most 127, that of f32, found 155}}
func.func private @f(!num.float<8, 2, 100, none, flush>)

// -----

// expected-error @below {{expected flush_below with flush only}}
func.func private @f(!num.float<5, 2, 15, none, gradual, flush_below = 0.5>)

// -----

// expected-error @below {{expected flush_below to be at least the smallest normal number and within the range of the format}}
func.func private @f(!num.float<5, 2, 15, none, flush, flush_below = 0.00006>)

// -----

// expected-error @below {{expected flush_below to be at least the smallest normal number and within the range of the format}}
func.func private @f(!num.float<5, 2, 15, none, flush, flush_below = 131072.0>)

// -----

// expected-error @below {{expected a dot group of 1, 8 or 16 terms, found 4}}
func.func private @f() attributes {a = #num.accumulate<dot = 4, format = f32, rounding = nearest_even, across = f32>}

// -----

// expected-error @below {{expected f32 or !num.float as accumulator format, found 'f16'}}
func.func private @f() attributes {a = #num.accumulate<dot = 8, format = f16, rounding = nearest_even, across = f32>}

// -----

// expected-error @below {{expected f32 or !num.float as accumulator format, found 'none'}}
func.func private @f() attributes {a = #num.accumulate<dot = 8, format = none, rounding = nearest_even, across = none>}

// -----

// expected-error @below {{an accumulator cannot round stochastically}}
func.func private @f() attributes {a = #num.accumulate<dot = 8, format = f32, rounding = stochastic, across = f32>}
